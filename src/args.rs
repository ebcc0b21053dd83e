//! Command line arguments as data, with their help texts.
//!
//! Parsed once by `run`; the headless shell gets its own part. What an item (`name=value`) means
//! is `cli::items`' to say.

mod captures;
mod compare;
mod exec;
mod export;
mod import;
mod open;
mod readdress;
mod relay;
mod replay;
mod run;
mod send;
mod show_env;
mod watch;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{
    Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
    ValueHint,
};

use crate::codec::wrap_words::wrap;
use crate::model::field_help;
use crate::model::protocol::Side;
use crate::model::spec::Spec;
use relay::RELAY_EXAMPLES;
use send::SEND_EXAMPLES;

pub use captures::CaptureArgs;
pub use exec::Exec;
pub use export::Export;
pub use import::Import;
pub use open::Open;
pub use readdress::Readdress;
pub use relay::Relay;
pub use replay::Replay;
pub use run::RunArgs;
pub use send::{
    AuthType, ColorWhen, CookieOptions, NetworkArgs, NetworkOption, Parts, Pretty, RequestOptions,
    Send,
};
pub use show_env::ShowEnv;
pub use watch::WatchArgs;

/// The whole command line.
#[derive(Debug, Clone, PartialEq, Parser)]
#[command(
    name = "wirebench",
    version,
    about = "Both ends of the wire, in one terminal",
    long_about = "Both ends of the wire, in one terminal: composes and sends requests, opens \
                  listeners and relays, and shows everything that crosses its sockets, byte for byte.\n\n\
                  Without a command it opens the workbench on this terminal, with an address or preset when \
                  one is given.",
    after_help = EXIT_CODES,
    max_term_width = 100,
    disable_help_subcommand = true,
    override_usage = "wirebench [OPTIONS] [[METHOD] URL|PRESET [ITEM]...]\n       wirebench [OPTIONS] <COMMAND>"
)]
pub struct Arguments {
    /// Keep everything (presets, history, configuration) under one folder.
    #[arg(long, value_name = "DIR", env = "WIREBENCH_HOME", global = true)]
    pub home: Option<PathBuf>,
    /// Write diagnostics to wirebench.log in the state folder: error, warn, info, debug or trace.
    #[arg(long, value_name = "LEVEL", env = "WIREBENCH_LOG", global = true)]
    pub log: Option<tracing::level_filters::LevelFilter>,
    /// Keep no answers on the disk. A preset with keep = false keeps none by itself.
    #[arg(long, env = "WIREBENCH_NO_KEEP", global = true)]
    pub no_keep: bool,
    /// Use the presets in .wirebench of the current project although another user owns them, and run the
    /// programs that its environments name for values; remembered.
    #[arg(long, global = true)]
    pub trust_project: bool,
    /// Open the workbench with this: an address or preset, with a method before it and items behind it as
    /// for send. Nothing is sent before you say so.
    #[arg(value_name = "URL|PRESET", value_hint = ValueHint::AnyPath)]
    pub words: Vec<String>,
    #[command(subcommand)]
    pub command: Option<Task>,
}

/// What can be done without a screen.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Task {
    /// Send one request or some bytes and print what comes back.
    Send(Box<Send>),
    /// Open a listener and print what arrives.
    Listen(Listen),
    /// Stand between clients and a server and print what they say to each other.
    Relay(Relay),
    /// Start a program whose requests go through a proxy of ours, and print them.
    Exec(Box<Exec>),
    /// Show traffic that was captured: in the workbench, or into a pipe as JSON Lines.
    Open(Open),
    /// Say again what clients said in a file of traffic, and compare the answers.
    Replay(Box<Replay>),
    /// Run presets and folders in order, check what comes, and tell what became of each.
    Run(Box<RunArgs>),
    /// Take over presets of other tools: Postman, curl commands and others.
    Import(Import),
    /// Write presets for other tools: curl, .http, hurl, Postman, k6, nc and others.
    Export(Export),
    /// Change how addresses begin, scheme, host and port, in all presets of a folder at once.
    Readdress(Readdress),
    /// Show environments: every value with the file it comes from, or what differs between two.
    Env(ShowEnv),
    /// Show, export or remove the certificate authority that TLS listeners are trusted by.
    Authority {
        #[command(subcommand)]
        task: Option<AuthorityTask>,
    },
    /// Print completions for a shell: options, commands and the names of presets.
    #[command(after_help = COMPLETIONS)]
    Completions(Completions),
    /// Print the manual page, of the program or of one of its commands.
    #[command(after_help = "See it with: wirebench man send | man -l -")]
    Man {
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
}

impl Task {
    /// What it takes that opens something; `None` = it opens nothing.
    #[must_use]
    pub fn common(&self) -> Option<Cow<'_, Common>> {
        match self {
            Task::Send(arguments) => Some(Cow::Borrowed(&arguments.common)),
            Task::Listen(arguments) => Some(Cow::Borrowed(&arguments.common)),
            Task::Relay(arguments) => Some(Cow::Borrowed(&arguments.common)),
            Task::Exec(arguments) => Some(Cow::Borrowed(&arguments.common)),
            Task::Replay(arguments) => Some(Cow::Borrowed(&arguments.common)),
            Task::Run(arguments) => Some(Cow::Owned(arguments.common())),
            Task::Open(_)
            | Task::Import(_)
            | Task::Export(_)
            | Task::Readdress(_)
            | Task::Env(_)
            | Task::Authority { .. }
            | Task::Completions(_)
            | Task::Man { .. } => None,
        }
    }
}

/// `wirebench completions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct Completions {
    #[arg(value_name = "SHELL", required_unless_present = "presets")]
    pub shell: Option<CompletionShell>,
    /// Print the names of presets that this command takes, for the completions themselves.
    #[arg(long, value_name = "COMMAND", hide = true)]
    pub presets: Option<PresetTaker>,
}

/// A shell that completes words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompletionShell {
    Bash,
    Zsh,
    Fish,
}

/// Who takes the name of a preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PresetTaker {
    Send,
    Listen,
    Relay,
    /// Clients and folders.
    Run,
    /// All and folders.
    Export,
    /// The workbench.
    Any,
}

const COMPLETIONS: &str = "\
Set them up with one of:
  wirebench completions bash > ~/.local/share/bash-completion/completions/wirebench
  wirebench completions zsh > ~/.zfunc/_wirebench      (a folder of fpath, before compinit)
  wirebench completions fish > ~/.config/fish/completions/wirebench.fish";

/// What can be done with the certificate authority of this installation.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum AuthorityTask {
    /// Who it is, how long it lasts and what it may speak for (the default).
    Show,
    /// Write its certificate, never its key, as PEM to a new file or to standard output.
    Export {
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Remove it with its key; the next TLS listener makes a new one.
    Remove,
}

const EXIT_CODES: &str = "\
Exit status: 0 what was asked for happened, 1 not as expected (a step, [expect], [capture], --check-status, --download), 2 usage,
3 network, 4 TLS, 5 timeout, 6 interrupted, or not all printed or filtered (--jq), 141 the reader of the output left.";

const LISTEN_EXAMPLES: &str = "\
Examples:
  wirebench listen http://:8080                      answers 200 to every request
  wirebench listen http://:8080 --body 'hello' --status 201
  wirebench listen tcp://:9000 --echo
  wirebench listen udp://:9000 --count 10
  wirebench listen --raw tcp://:9000 < in > out      bytes both ways, as with ncat and socat
  wirebench listen tls://:9443 --echo                with a certificate made here
  wirebench listen unix:/tmp/a.sock --echo           a Unix socket; HTTP: http+unix:/tmp/a.sock
  wirebench listen https://:8443 --cert chain.pem --key key.pem
  wirebench listen tutorial/tcp-server               a preset

':port' is this machine only, '*:port' is everybody. A Unix socket has mode 0600 (--set socket-mode=0660);
one that was left behind is replaced when nobody answers there, and ours is removed at the end.
With --raw, standard input (a pipe, a file, a terminal) goes to every TCP peer that is connected, as
fast as the slowest takes it, and its end is told to them (FIN); over UDP it goes to the peer heard
last, 8 KiB a datagram. It waits for somebody to come, and is left alone where --echo, --body or a
rule answers, or with -I.
A first Ctrl+C, TERM or HUP prints what was taken in, for a second at most; a second one ends it at
once. What was ignored at the start (nohup, a script's 'listen &') stays so: TERM ends it.
Exit status: 0 stopped as asked, 2 usage, 3 network, 6 not all was printed (how much is said),
141 the reader of the output left.";

/// `wirebench listen`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
#[command(
    after_help = LISTEN_EXAMPLES,
    override_usage = "wirebench listen [OPTIONS] SPEC|PRESET"
)]
pub struct Listen {
    /// http://:8080, https://:8443, tcp://:9000, tls://:9443, udp://:9000, or a preset.
    /// An OpenAPI file is answered for on http://:8080, as with --mock.
    #[arg(value_name = "SPEC|PRESET", value_hint = ValueHint::AnyPath)]
    pub target: String,
    /// HTTP: answer as this OpenAPI file says, with its examples or what its schemas allow.
    #[arg(long, value_name = "FILE", conflicts_with = "contract")]
    pub mock: Option<String>,
    /// Send back what arrives (TCP, UDP).
    #[arg(long, conflicts_with = "body")]
    pub echo: bool,
    /// Use TLS with a certificate made here.
    #[arg(long)]
    pub tls: bool,
    /// Use TLS with this certificate chain, a PEM file; needs --key.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<String>,
    /// The private key of --cert, a PEM file.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<String>,
    /// HTTP: the status of every answer (200).
    #[arg(long, value_name = "CODE")]
    pub status: Option<u16>,
    /// HTTP: the body of every answer. TCP and UDP: the answer to every message.
    #[arg(long, value_name = "TEXT")]
    pub body: Option<String>,
    /// HTTP: a header of every answer, as Name:value.
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE")]
    pub headers: Vec<String>,
    #[command(flatten)]
    pub watch: WatchArgs,
    /// Do not read standard input, which --raw sends to the peers.
    #[arg(short = 'I', long)]
    pub ignore_stdin: bool,
    #[command(flatten)]
    pub common: Common,
}

impl Arguments {
    /// Reads the command line of this process.
    ///
    /// # Errors
    /// What is wrong with it, or the help that was asked for.
    pub fn read() -> Result<Arguments, clap::Error> {
        Arguments::from_arg_matches(&Arguments::whole().try_get_matches()?)
    }

    /// The definition of the command line, with the options of `--set` in its help.
    #[must_use]
    pub fn whole() -> Command {
        let help = |side, examples: &str| format!("{examples}\n\n{}", settings(side));
        Arguments::command()
            .mut_subcommand("send", |send| send.after_long_help(help(Side::Client, SEND_EXAMPLES)))
            .mut_subcommand("listen", |listen| {
                listen.after_long_help(help(Side::Listener, LISTEN_EXAMPLES))
            })
            .mut_subcommand("relay", |relay| {
                relay.after_long_help(help(Side::Relay, RELAY_EXAMPLES))
            })
    }
}

/// What `--set` can set: the options of every spec of this side.
fn settings(side: Side) -> String {
    let mut text = String::from("Options for --set:\n");
    for spec in Spec::kinds().filter(|spec| spec.side() == side) {
        let _ = writeln!(text, " {}", spec.protocol().title());
        for (path, what) in field_help::lines(spec) {
            let mut column = format!("  {path:<26} ");
            for line in wrap(&what, SETTING_LINE) {
                let _ = writeln!(text, "{column}{line}");
                column = " ".repeat(SETTING.into());
            }
        }
    }
    text
}

/// Columns of the paths, and of what is said about them on a terminal of 80.
const SETTING: u16 = 29;
const SETTING_LINE: u16 = 79 - SETTING;

/// What all commands take that open something.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct Common {
    /// Environment whose {{variables}} are used.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// The value of a variable, before what was captured and what files say; it also answers
    /// {{prompt "NAME"}} and {{choose "NAME" ...}}.
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub vars: Vec<String>,
    /// Accept any certificate.
    #[arg(short = 'k', long)]
    pub insecure: bool,
    /// Set an option of the target or preset by its path, such as timeout=5s or tls.sni=a.example;
    /// a list takes a row (headers='A: 1') or a field of one (step.1.send=PING). --help names them.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub settings: Vec<String>,
    /// HTTP: hold every request and answer against this OpenAPI file (2.0 to 3.2, YAML or JSON) and say
    /// what differs; send then ends with status 1.
    #[arg(long, value_name = "FILE")]
    pub contract: Option<String>,
    /// Tell secrets, cookies and other credentials in JSON Lines, in printed heads and what listen
    /// prints as text, and in failures, too. What send prints of a body or stream is never masked.
    #[arg(long)]
    pub with_secrets: bool,
    #[command(flatten)]
    pub captures: CaptureArgs,
    #[command(flatten)]
    pub format: Format,
    /// With --raw: print control characters to a terminal, too, where they act on it.
    #[arg(long, conflicts_with_all = ["json", "text"])]
    pub force: bool,
}

/// How answers are printed; one of them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Args)]
pub struct Format {
    /// Print JSON Lines, one record each; what listen prints into a pipe.
    #[arg(long, conflicts_with_all = ["text", "raw"])]
    pub json: bool,
    /// Print text for people; the default on a terminal.
    #[arg(long, conflicts_with = "raw")]
    pub text: bool,
    /// Print the bytes received and nothing else: the body, or what a socket got; what send prints
    /// into a pipe.
    #[arg(long)]
    pub raw: bool,
}

#[cfg(test)]
#[path = "args/examples_tests.rs"]
mod examples_tests;
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["wirebench"], words].concat())
    }

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_workbench_opens() {
        assert_eq!(parse(&["--home", "/x"]).unwrap().command, None);
    }

    #[test]
    fn items_may_look_like_nothing_else() {
        let Some(Task::Send(send)) =
            parse(&["send", "POST", ":1/x", "a=b", "q==1", "X-A:b", "--timeout", "1s"])
                .unwrap()
                .command
        else {
            panic!("not a send");
        };
        assert_eq!(send.words, ["POST", ":1/x", "a=b", "q==1", "X-A:b"]);
        assert_eq!(send.timeout, Some(Duration::from_secs(1)));
    }

    #[test]
    fn the_help_names_every_option_that_can_be_set() {
        let (client, listener) = (settings(Side::Client), settings(Side::Listener));
        for path in ["timeout", "auth.basic.user", "body", "tls.sni", "step.1.send", "keep-alive"] {
            assert!(client.contains(&format!("  {path} ")), "{path}\n{client}");
        }
        for path in ["rule.1.status", "status", "rule.1.when", "tls.certificate", "ttl"] {
            assert!(listener.contains(&format!("  {path} ")), "{path}\n{listener}");
        }
        assert!(client.contains("Verify TLS") || client.contains("(on, off)"), "{client}");
    }

    #[test]
    fn what_is_said_about_an_option_stays_in_its_column() {
        for side in Side::ALL {
            let text = settings(side);
            for line in text.lines().skip(1) {
                let is_title = !line.starts_with("  ");
                let is_row = line.chars().nth(28) == Some(' ') && line.chars().nth(29) != Some(' ');
                assert!(is_title || is_row, "{line}");
                assert!(line.chars().count() < 80, "{line}");
            }
        }
    }
}
