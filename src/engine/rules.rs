//! Automatic answers of TCP and UDP listeners: the first rule that matches answers.
