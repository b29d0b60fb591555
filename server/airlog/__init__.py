"""The air log: every sentence that was spoken, in files that only grow and that show when they were touched."""

from server.airlog.log import AirLog as AirLog
from server.airlog.record import Record as Record
from server.airlog.verify import Report as Report
from server.airlog.verify import verify as verify
