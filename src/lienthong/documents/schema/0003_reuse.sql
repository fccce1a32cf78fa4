-- A paper that is not handed in again: where it lies in its owner's store, as JSON (attachments.Reused); empty: a file.
ALTER TABLE attachment ADD COLUMN reused text NOT NULL DEFAULT '';
-- What proves the case to the node that keeps it (exchange.evidence).
ALTER TABLE attachment ADD COLUMN proofs text NOT NULL DEFAULT '[]';
