//! The bounded log of everything that crossed our sockets.
