//! Signals by their names. Called by who tells what ended a program.

/// A signal by its name, as far as it has one.
pub(super) fn by_signal(signal: i32) -> String {
    let name = signal_hook::low_level::signal_name(signal);
    name.map_or_else(|| format!("signal {signal}"), str::to_owned)
}
