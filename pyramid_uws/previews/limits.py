"""How much of a result is looked at, and what that may take."""

from typing import Final

#: Of the process: memory that it fills (bytes), processor time and time (s); what it may say (bytes).
MEMORY: Final = 768 * 1024 * 1024
PROCESSOR_SECONDS: Final = 10
SECONDS: Final = 45
SAID: Final = 4 * 1024 * 1024

#: For rows that only the plot wants, and for counting rows, in seconds.
GATHERING: Final = 3.0
COUNTING: Final = 1.5

#: Of texts that are parsed, in bytes.
PARSED: Final = 16 * 1024 * 1024
UNPACKED: Final = 1024 * 1024

#: Of tables.
SHOWN_ROWS: Final = 20
PLOTTED_ROWS: Final = 10_000
SHOWN_COLUMNS: Final = 60
COLUMNS: Final = 1000
CELL: Final = 120
ITEMS: Final = 6

#: Of texts that are shown, in characters; how deeply JSON is nested at most.
TEXT: Final = 16 * 1024
DEPTH: Final = 64

#: Of pictures: the side of a thumbnail; how many pixels are read of an image, and how many a picture may have.
SIDE: Final = 640
PIXELS: Final = 8 * 1024 * 1024
PICTURE: Final = 64 * 1024 * 1024

#: A picture that is smaller is shown as it is: bytes and pixels.
AS_IT_IS_BYTES: Final = 4 * 1024 * 1024
AS_IT_IS_PIXELS: Final = 8 * 1024 * 1024

#: Parts of a FITS file that are looked at; cards of a header that are shown.
PARTS: Final = 20
CARDS: Final = 400
