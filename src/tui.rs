//! The terminal shell: runs the loop, draws, performs effects.
