"""Why a file is not taken."""


class NotTaken(Exception):
    """The file, or the attempt to hand it in, is refused; the code has its sentence in `catalogue.messages`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
