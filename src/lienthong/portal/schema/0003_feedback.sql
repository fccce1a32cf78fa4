-- At the portal: what a person said about a dossier of theirs, and what became of it as the agency told.
CREATE TABLE my_feedback (
    id         text PRIMARY KEY,
    asked_by   text NOT NULL,            -- personal number
    dossier    text NOT NULL,
    branch     text NOT NULL,
    node       text NOT NULL,            -- who answers
    service    text NOT NULL,
    about      text NOT NULL,            -- the act it is about, as the timeline tells it; '{}': the part as a whole
    text       text NOT NULL,
    at         timestamptz NOT NULL,
    state      text NOT NULL DEFAULT 'sent'
        CHECK (state IN ('sent', 'new', 'working', 'supplement', 'answered', 'refused')),
    first      timestamptz,              -- refused or passed on by then, where it is not taken up
    due        timestamptz,
    unit       text NOT NULL DEFAULT '',
    content    boolean,
    judged_at  timestamptz
);
CREATE INDEX my_feedback_dossier ON my_feedback (dossier, at);
CREATE TABLE my_feedback_news (
    feedback text NOT NULL REFERENCES my_feedback ON DELETE CASCADE,
    at       timestamptz NOT NULL,
    verb     text NOT NULL,
    by_whom  text NOT NULL,
    unit     text NOT NULL,
    text     text NOT NULL,
    late     boolean NOT NULL,
    PRIMARY KEY (feedback, at, verb)
);

-- Answers of general interest, in words that name nobody.
CREATE TABLE public_answer (
    id       text PRIMARY KEY,
    service  text NOT NULL,
    node     text NOT NULL,
    unit     text NOT NULL,
    rule     text NOT NULL,
    question text NOT NULL,
    answer   text NOT NULL,
    at       timestamptz NOT NULL
);
CREATE INDEX public_answer_at ON public_answer (at DESC);

-- How a person rated a dossier of theirs.
CREATE TABLE my_rating (
    dossier   text PRIMARY KEY,
    rated_by  text NOT NULL,
    given_at  timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    overall   smallint NOT NULL,
    scores    text NOT NULL,
    note      text NOT NULL
);
