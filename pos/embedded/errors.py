"""What keeps the embedded services from running, in words for the person at the keyboard."""


class EmbeddedError(Exception):
    pass
