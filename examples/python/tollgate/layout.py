"""Where the fields of the exchange are, as docs/module.md says."""

from struct import Struct

ABI_VERSION = 1
NEVER_NS = 2**64 - 1
LIMITS_MAX = 16
BATCH_MAX = 1_024

LIMIT = Struct("<BBBBi5Q64s")
OPERATION = Struct("<BBHIQQ16s16s16QHH4x64s256s")
OPERATION_AT = 1_792

DECISION = Struct("<II4Q")
DECISION_AT = 2_304
STATUS = Struct("<10Q")
STATUSES_AT = DECISION_AT + 40

SLOTS_AT = 3_624
VERDICTS_AT = SLOTS_AT + 12_288
RECORD_AT = 16_936
