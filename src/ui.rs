//! The screen: `render(\&App, \&mut Frame)`, pure.
