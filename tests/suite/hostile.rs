//! Hostile peers, met by the real program on its screen and without one.
