//! The headless shell: `send` and `listen` without a screen.
