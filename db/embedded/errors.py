"""Why an embedded server could not start. The message is for the person at the terminal."""


class EmbeddedError(Exception):
    """An embedded server could not be started; the message says why and what to do."""


class FolderInUse(EmbeddedError):
    """Another living server owns the data folder."""


class NotOnThisPlatform(EmbeddedError):
    """No binary of the server exists for this platform; its URL has to be given."""
