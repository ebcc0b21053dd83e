//! Bytes in, values out: pure functions without I/O, clock or state beyond their arguments.
