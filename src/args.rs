//! Command line arguments as data.
