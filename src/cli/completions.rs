//! `wirebench completions` and `wirebench man`: what shells and `man` know of the command line, made
//! of its definition.
//!
//! Names of presets are asked of the program while a word is completed: a few lines behind what
//! `clap_complete` writes.

use std::collections::BTreeSet;

use clap_complete::{Shell, generate};
use clap_mangen::Man;

use super::headless::Headless;
use super::output::Output;
use crate::args::{Arguments, CompletionShell, Completions, PresetTaker};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::protocol::Side;
use crate::store;

/// The name of the program.
const NAME: &str = "wirebench";

/// Adds the names of presets to the words of `send`, `listen`, `relay` and the program itself, and leaves the
/// placeholders of the help out. `compgen -W` would run what stands in a name as `$(…)`, so names are compared
/// as the texts they are; with `filenames` the shell quotes what it writes.
const BASH: &str = r#"
_wirebench_with_presets() {
    _wirebench "$@"
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} taker=any word kept=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
            send|listen|relay|run|export) taker=$word; break ;;
            authority|completions|import|man) return ;;
        esac
    done
    for word in "${COMPREPLY[@]}"; do
        [[ $word == [\<\[]* ]] || kept+=("$word")
    done
    COMPREPLY=("${kept[@]}")
    [[ $cur == -* || $prev == -* ]] && return
    local typed=${cur//\\/}
    [[ $cur == [\"\']* ]] && typed=${cur:1}
    while IFS= read -r word; do
        [[ -n $word && $word == "$typed"* ]] && COMPREPLY+=("$word")
    done <<< "$(wirebench completions --presets "$taker" 2>/dev/null)"
    [[ $taker == any ]] && return
    while IFS= read -r word; do
        [[ -n $word ]] && COMPREPLY+=("$word")
    done <<< "$(compgen -f -- "$typed")"
}
complete -F _wirebench_with_presets -o filenames -o bashdefault -o default wirebench
"#;

/// In front of what is completed as a file.
const ZSH: &str = r#"
_wirebench_words() {
    local taker=any
    local -a presets
    case $curcontext in
        *:wirebench-command-send:*) taker=send ;;
        *:wirebench-command-listen:*) taker=listen ;;
        *:wirebench-command-relay:*) taker=relay ;;
        *:wirebench-command-run:*) taker=run ;;
        *:wirebench-command-export:*) taker=export ;;
    esac
    presets=(${(f)"$(_call_program presets wirebench completions --presets $taker 2>/dev/null)"})
    (( $#presets )) && compadd -a presets
    [[ $taker == any ]] || _files
}

_wirebench_first() {
    _wirebench_commands
    _wirebench_words
}
"#;

const FISH: &str = r#"
complete -c wirebench -n "__fish_wirebench_using_subcommand send" -a "(wirebench completions --presets send 2>/dev/null)"
complete -c wirebench -n "__fish_wirebench_using_subcommand listen" -a "(wirebench completions --presets listen 2>/dev/null)"
complete -c wirebench -n "__fish_wirebench_using_subcommand relay" -a "(wirebench completions --presets relay 2>/dev/null)"
complete -c wirebench -n "__fish_wirebench_using_subcommand run" -a "(wirebench completions --presets run 2>/dev/null)"
complete -c wirebench -n "__fish_wirebench_using_subcommand export" -a "(wirebench completions --presets export 2>/dev/null)"
complete -c wirebench -n "__fish_wirebench_needs_command" -a "(wirebench completions --presets any 2>/dev/null)"
"#;

/// Prints what was asked for.
pub(super) fn run(
    arguments: Completions,
    headless: &Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    if let Some(taker) = arguments.presets {
        for name in presets(taker, headless)? {
            output.line(&name);
        }
    } else if let Some(shell) = arguments.shell {
        output.safe(&script(shell));
    }
    Ok(super::exit::OK)
}

/// The completions of a shell.
fn script(shell: CompletionShell) -> String {
    let (made_for, ours) = match shell {
        CompletionShell::Bash => (Shell::Bash, BASH),
        CompletionShell::Zsh => (Shell::Zsh, ZSH),
        CompletionShell::Fish => (Shell::Fish, FISH),
    };
    let mut bytes = Vec::new();
    generate(made_for, &mut Arguments::whole(), NAME, &mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    match shell {
        CompletionShell::Bash | CompletionShell::Fish => format!("{text}{ours}"),
        CompletionShell::Zsh => zsh(&text, ours),
    }
}

/// Words that may be presets are completed by functions of ours, which stand before they are used. The
/// first word of all is a command or one of those; made by itself the latter would hide the commands.
fn zsh(text: &str, ours: &str) -> String {
    let mut out = String::with_capacity(text.len() + ours.len());
    for line in text.split_inclusive('\n') {
        let words = ["'*::words --", "':target --", "':listen --", "'*::names --"];
        let is_word = words.iter().any(|word| line.starts_with(word));
        let is_first = line.starts_with("'::words --");
        if is_word {
            out.push_str(&line.replace(":_files'", ":_wirebench_words'"));
        } else if !is_first {
            let line = line.replace("\":: :_wirebench_commands\"", "\":: :_wirebench_first\"");
            out.push_str(&line.replace("$line[2]", "$line[1]"));
        }
        if line.starts_with("autoload ") {
            out.push_str(ours);
        }
    }
    out
}

/// Names of the presets a command takes, sorted.
fn presets(taker: PresetTaker, headless: &Headless) -> Result<Vec<String>, Failure> {
    let workspace = store::read_workspace(headless.paths.workspace_unasked()?);
    let taker_of = |side: Side| match side {
        Side::Client => PresetTaker::Send,
        Side::Listener => PresetTaker::Listen,
        Side::Relay => PresetTaker::Relay,
    };
    let takes_all = [PresetTaker::Any, PresetTaker::Export].contains(&taker);
    let runs = taker == PresetTaker::Run;
    let has_folders = runs || taker == PresetTaker::Export;
    let is_taken = |side: Side| {
        takes_all || taker_of(side) == taker || runs && taker_of(side) == PresetTaker::Send
    };
    let mut names = Vec::new();
    if has_folders {
        let folders = workspace.presets.iter().map(|stored| stored.path.folder());
        let folders: BTreeSet<&str> = folders.filter(|folder| !folder.is_empty()).collect();
        names.extend(folders.into_iter().map(|folder| format!("{folder}/")));
    }
    for stored in &workspace.presets {
        if stored.content.as_ref().is_ok_and(|preset| is_taken(preset.spec.side())) {
            names.push(stored.path.to_string());
        }
    }
    Ok(names)
}

/// Prints the manual page of the program or of a command.
pub(super) fn manual(command: Option<&str>, output: &mut Output) -> Result<u8, Failure> {
    let mut whole = Arguments::whole();
    whole.build();
    let page = match command {
        None => whole,
        Some(name) => {
            let names: Vec<&str> = whole.get_subcommands().map(clap::Command::get_name).collect();
            let known = format!("there are: {}", names.join(", "));
            whole.find_subcommand(name).cloned().ok_or_else(|| {
                let cause = "there is no command of this name";
                Failure::new(Stage::Compose, name, FailureKind::Usage, cause).hint(known)
            })?
        }
    };
    let mut bytes = Vec::new();
    Man::new(page)
        .render(&mut bytes)
        .map_err(|error| Failure::new(Stage::Program, "man", FailureKind::Io, error.to_string()))?;
    output.safe(&String::from_utf8_lossy(&bytes));
    Ok(super::exit::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_knows_the_options_and_asks_for_presets() {
        for shell in [CompletionShell::Bash, CompletionShell::Zsh, CompletionShell::Fish] {
            let script = script(shell);
            for part in ["bearer", "max-redirects", "completions --presets"] {
                assert!(script.contains(part), "{shell:?} without {part}");
            }
        }
        let zsh = script(CompletionShell::Zsh);
        assert_eq!(zsh.matches(":_wirebench_words'").count(), 6, "{zsh}");
        assert_eq!(zsh.matches("\":: :_wirebench_first\"").count(), 1, "{zsh}");
        assert_eq!(zsh.matches("_wirebench_words() {").count(), 1);
        assert!(!zsh.contains("'::words"));
    }
}
