//! The action table: every user intent that can be bound to a key, in one place.
//!
//! Keymap, palette, help, key hints and the key list in docs/keys.md are generated from [`TABLE`].
//! Adding an action means adding a row here and handling it in one pane.

use std::collections::HashMap;
use std::sync::LazyLock;

use strum::{IntoStaticStr, VariantArray};

use super::keymap::Context;

/// Heading under which an action is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(const_into_str)]
pub enum Category {
    #[strum(serialize = "Send and listen")]
    Run,
    Move,
    #[strum(serialize = "Look")]
    View,
    Edit,
    Presets,
    Traffic,
    Program,
    /// Only in windows above the panes, and in lines that are typed into.
    #[strum(serialize = "In windows and lines")]
    Window,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct ActionInfo {
    pub action: Action,
    /// Name in keymap files and on the command line of the palette.
    pub name: &'static str,
    pub title: &'static str,
    pub help: &'static str,
    pub category: Category,
    /// Default keys, each in a context. An empty list = only by palette.
    pub keys: &'static [(Context, &'static str)],
}

macro_rules! actions {
    ($($action:ident $name:literal $category:ident $title:literal $help:literal [$($context:ident $key:literal),* $(,)?];)*) => {
        /// A user intent.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $(#[doc = $help] $action,)* }

        /// Every action with its names, help and default keys.
        pub const TABLE: &[ActionInfo] = &[$(ActionInfo {
            action: Action::$action,
            name: $name,
            title: $title,
            help: $help,
            category: Category::$category,
            keys: &[$((Context::$context, $key)),*],
        },)*];
    };
}

actions! {
    Send "send" Run "Send" "Send, connect or listen; apply changed answers" [Global "<F5>", Global "<C-r>", Global "<C-Enter>", Global "<A-Enter>", Address "<Enter>"];
    SendLiteral "send-literal" Run "Send literal" "Send with unknown {{names}} as plain text" [Global "<A-l>"];
    ConnectAnyway "connect-anyway" Run "Connect anyway" "Accept a refused certificate for this preset, and send" [Global "<A-v>"];
    Cancel "cancel" Run "Cancel" "Clear the input line, cancel what runs or ask to close it; then ask to leave; then leave" [Global "<C-c>"];
    RunPresets "run-presets" Run "Run presets" "Run the preset, its folder, the marked presets or all: what is expected of them is checked; while a run is under way: show it" [Presets "R"];
    ComparePlaces "compare-places" Run "Compare places" "Run it to several environments or addresses at once, answers side by side and what differs marked" [Presets "=", RunRows "c"];
    ShowRun "show-run" Run "Show run" "Show the run that is under way, or the last one" [Global "<A-R>"];
    Stop "stop" Run "Stop" "Close this connection, listener or request" [Global "<F8>", RunRows "x"];
    Resend "resend" Run "Resend" "Send the bytes of this message again" [Conversation "r"];
    FinishSending "finish-sending" Run "Finish sending" "Send FIN and go on receiving (half-close)" [Conversation "f"];
    CloseConnection "close-connection" Run "Close connection" "Close the connection with FIN" [Conversation "d"];
    ResetConnection "reset-connection" Run "Reset connection" "Abort the connection with RST, after asking" [Conversation "D"];
    Http "http" Run "HTTP" "Compose for HTTP" [Global "<F2>"];
    Tcp "tcp" Run "TCP" "Compose for TCP" [Global "<F3>"];
    Udp "udp" Run "UDP" "Compose for UDP" [Global "<F4>"];
    Ws "ws" Run "WS" "Compose for WebSocket" [];
    Relay "relay" Run "Relay" "Compose a relay between clients and a server; again: of the next protocol" [Global "<A-r>"];
    ToggleFaults "toggle-faults" Run "Toggle faults" "Switch the faults of the relay off while it runs, and on again" [Plain "!"];
    ToggleRewrites "toggle-rewrites" Run "Toggle rewrites" "Switch the rules of the relay that change what it passes on off while it runs, and on again" [Plain "&"];
    Held "held" Run "Held" "What relays hold: look at it, forward, edit or drop it, and say what is held" [Global "<A-h>", Plain "I"];
    SwitchSide "switch-side" Run "Switch side" "Compose for the other end of the wire" [Global "<F6>"];
    NextEnvironment "next-environment" Run "Next environment" "Switch to the next environment" [Global "<F7>"];
    PickEnvironment "pick-environment" Run "Pick environment" "Choose the environment from a list" [Plain "E"];
    EditEnvironments "edit-environments" Run "Edit environments" "See, write and compare environments, and where each value comes from" [Global "<A-E>"];
    Cookies "cookies" Run "Cookies" "See, change and delete the cookies of the environment in force" [Global "<A-k>"];
    DefineName "define-name" Run "Define name" "Give the unknown {{name}} that kept this from being sent a value" [Global "<A-i>"];

    NextPane "next-pane" Move "Next pane" "Focus the next pane" [Global "<Tab>"];
    PreviousPane "previous-pane" Move "Previous pane" "Focus the pane before" [Global "<S-Tab>"];
    NextField "next-field" Move "Next field" "The next cell of the row, else the next pane" [Form "<Tab>", Variable "<Tab>"];
    PreviousField "previous-field" Move "Previous field" "The cell before in the row, else the pane before" [Form "<S-Tab>", Variable "<S-Tab>"];
    GoToPresets "go-to-presets" Move "Go to presets" "Focus the presets" [Global "<A-1>"];
    GoToHistory "go-to-history" Move "Go to history" "Focus the history" [Global "<A-2>"];
    GoToRequest "go-to-request" Move "Go to request" "Focus the request" [Global "<A-3>"];
    GoToResponse "go-to-response" Move "Go to response" "Focus the response, or the conversation" [Global "<A-4>"];
    GoToTraffic "go-to-traffic" Move "Go to traffic" "Focus the traffic" [Global "<A-5>"];
    Jump "jump" Move "Jump" "Show letters on every target, jump to the one typed" [Global "<C-o>"];
    FocusAddress "focus-address" Move "Focus address" "Focus the address line; what is typed replaces the address" [Global "<C-l>"];
    EditAddress "edit-address" Move "Edit address" "Go to the end of the address line" [];
    Back "back" Move "Back" "Leave a field, an overlay, a zoom" [Global "<Esc>", Question "n", Question "N", Code "q", Code "c", Compare "q", Help "<Enter>", ColumnList "q", Statistics "q", RunRows "q", Cookies "q"];
    Up "up" Move "Up" "One line up" [List "<Up>", List "k", Form "<Up>", Line "<Up>", Choices "<Up>", Choices "<C-p>", Conflict "<Up>", Completion "<Up>", Code "<Up>", Code "k", Compare "<Up>", Compare "k", Help "<Up>", Environments "<Up>", Environments "k", Variable "<Up>", Export "<Up>", Import "<Up>", ColumnList "<Up>", ColumnList "k", Held "<Up>", Held "k", Statistics "<Up>", Statistics "k", RunRows "<Up>", RunRows "k", RunOptions "<Up>", Cookies "<Up>", Cookies "k"];
    Down "down" Move "Down" "One line down" [List "<Down>", List "j", Form "<Down>", Line "<Down>", Choices "<Down>", Choices "<Tab>", Choices "<C-n>", Conflict "<Down>", Conflict "<Tab>", Completion "<Down>", Code "<Down>", Code "j", Compare "<Down>", Compare "j", Help "<Down>", Environments "<Down>", Environments "j", Variable "<Down>", Export "<Down>", Import "<Down>", ColumnList "<Down>", ColumnList "j", Held "<Down>", Held "j", Statistics "<Down>", Statistics "j", RunRows "<Down>", RunRows "j", RunOptions "<Down>", Cookies "<Down>", Cookies "j"];
    Left "left" Move "Left" "To the left; folds a folder" [List "<Left>", List "h", Cell "<Left>", Question "<Left>", Environments "<Left>", Environments "h", VariableChoice "<Left>", ExportChoice "<Left>", ColumnList "<Left>", ColumnList "h", Statistics "<Left>", Statistics "h", RunChoice "<Left>", RunRows "<Left>", RunRows "h"];
    Right "right" Move "Right" "To the right; unfolds a folder" [List "<Right>", List "l", Cell "<Right>", Question "<Right>", Question "<Tab>", Environments "<Right>", Environments "l", VariableChoice "<Right>", ExportChoice "<Right>", ColumnList "<Right>", ColumnList "l", Statistics "<Right>", Statistics "l", RunChoice "<Right>", RunRows "<Right>", RunRows "l"];
    PageUp "page-up" Move "Page up" "One page up" [List "<PgUp>", Form "<PgUp>", Line "<PgUp>", Input "<PgUp>", Choices "<PgUp>", Conflict "<PgUp>", Completion "<PgUp>", Code "<PgUp>", Compare "<PgUp>", Help "<PgUp>", Environments "<PgUp>", Import "<PgUp>", Held "<PgUp>", Statistics "<PgUp>", RunRows "<PgUp>", Cookies "<PgUp>"];
    PageDown "page-down" Move "Page down" "One page down" [List "<PgDn>", Form "<PgDn>", Line "<PgDn>", Input "<PgDn>", Choices "<PgDn>", Conflict "<PgDn>", Completion "<PgDn>", Code "<PgDn>", Code "<Space>", Compare "<PgDn>", Compare "<Space>", Help "<PgDn>", Environments "<PgDn>", Import "<PgDn>", Held "<PgDn>", Held "<Space>", Statistics "<PgDn>", RunRows "<PgDn>", Cookies "<PgDn>"];
    HalfPageUp "half-page-up" Move "Half page up" "Half a page up" [List "<C-u>", Compare "<C-u>", RunRows "<C-u>"];
    HalfPageDown "half-page-down" Move "Half page down" "Half a page down" [List "<C-d>", Compare "<C-d>", RunRows "<C-d>"];
    Top "top" Move "Top" "To the first line" [List "g", List "<Home>", Code "g", Code "<Home>", Compare "g", Compare "<Home>", Help "<Home>", Environments "g", Environments "<Home>", ColumnList "g", ColumnList "<Home>", Held "g", Held "<Home>", Statistics "g", Statistics "<Home>", RunRows "g", RunRows "<Home>", Cookies "g", Cookies "<Home>"];
    Bottom "bottom" Move "Bottom" "To the last line; follows again" [List "G", List "<End>", Code "G", Code "<End>", Compare "G", Compare "<End>", Help "<End>", Environments "G", Environments "<End>", ColumnList "G", ColumnList "<End>", Held "G", Held "<End>", Statistics "G", Statistics "<End>", RunRows "G", RunRows "<End>", Cookies "G", Cookies "<End>"];
    NextTab "next-tab" Move "Next tab" "Next tab of this pane" [Code "<Right>", Statistics "<Tab>", Plain "<C-Right>", Cell "<C-Right>", Global "<A-Right>", List "L", Code "<Tab>", Code "l", Statistics "L"];
    PreviousTab "previous-tab" Move "Previous tab" "Tab before of this pane" [Code "<Left>", Plain "<C-Left>", Cell "<C-Left>", Global "<A-Left>", List "H", Code "h", Statistics "<S-Tab>", Statistics "H"];
    NextItem "next-item" Move "Next item" "The next exchange or connection of this session, or the next newer answer that is kept" [List "}"];
    PreviousItem "previous-item" Move "Previous item" "The exchange or connection before, or the answer before that is kept" [List "{"];

    Open "open" View "Open" "Open what the cursor is on; folds an object or list" [List "<Enter>", Statistics "<Enter>", RunRows "<Enter>"];
    Toggle "toggle" View "Toggle" "Switch on or off, take the next choice, fold the folder, object or list" [List "<Space>", Cell "<Space>", Environments "<Space>", VariableChoice "<Space>", ExportChoice "<Space>", ColumnList "<Space>", Statistics "<Space>", RunRows "<Space>", RunChoice "<Space>"];
    Zoom "zoom" View "Zoom" "Give the whole screen to this pane, and back" [Plain "z", Global "<F11>"];
    ToggleSideBar "toggle-side-bar" View "Toggle side bar" "Hide presets and history, and show them again" [Plain "b"];
    ToggleHistory "toggle-history" View "Toggle history" "Hide the history, and show it again" [Plain "B"];
    ToggleTraffic "toggle-traffic" View "Toggle traffic" "Hide the traffic, and show it again" [Plain "_"];
    FoldTraffic "fold-traffic" View "Fold traffic" "Fold the traffic into one line, and unfold it" [Plain "-", Global "<F12>"];
    Grow "grow" View "Grow" "Make this pane larger" [Plain "]"];
    Shrink "shrink" View "Shrink" "Make this pane smaller" [Plain "["];
    ViewMode "view-mode" View "View mode" "Show as pretty, text or hex in turn; a record as text, hex or decoded" [List "v", Held "v"];
    ViewHex "view-hex" View "View hex" "Show bytes as hex, and back" [List "x"];
    Wrap "wrap" View "Wrap" "Wrap long lines, and back" [List "w"];
    Find "find" View "Find" "Filter the list, or search in what is shown" [List "/", Environments "/", RunRows "/"];
    FindText "find-text" View "Find text" "Find a text in the rows of Traffic without hiding others, or search in what is shown" [List "<C-f>"];
    FindNext "find-next" View "Find next" "Go to the next hit of the search, or the next difference" [List "n", Compare "n", Compare "<Enter>"];
    FindPrevious "find-previous" View "Find previous" "Go to the hit or difference before" [List "N", Compare "N"];
    FoldLevel "fold-level" View "Fold level" "Fold all of JSON at the depth of the cursor, then one level further out" [Response "<lt>"];
    UnfoldLevel "unfold-level" View "Unfold level" "Unfold one level of what is folded" [Response ">"];
    LineNumbers "line-numbers" View "Line numbers" "Show the numbers of lines, and hide them" [Response "#"];
    Select "select" View "Select" "Select lines, or bytes of a record, from the cursor on, and end that" [Response "V", Traffic "V"];
    Copy "copy" View "Copy" "Copy the value, row or message under the cursor to the clipboard (OSC 52)" [List "y", Code "y", Code "<Enter>", Compare "y", Environments "y", Statistics "y", RunRows "y"];
    CopyRow "copy-row" View "Copy row" "Copy the row of a table under the cursor as it is in the body" [Response "R"];
    CopyWhole "copy-whole" View "Copy whole" "Copy the whole body as received, or all lines of this tab" [Response "Y", Compare "Y", Statistics "Y", RunRows "Y"];
    CopyPretty "copy-pretty" View "Copy pretty" "Copy the whole body with one value of JSON a line" [Response "<A-y>"];
    CopyJson "copy-json" View "Copy JSON" "Copy the value under the cursor as JSON, a string with its quotes" [Response "J"];
    CopyPath "copy-path" View "Copy path" "Copy the path of the value under the cursor, as jq writes it" [Response "p"];
    ExpectValue "expect-value" View "Expect value" "Expect what is under the cursor to be as it is, whenever this is sent: a row of Expect" [Response "+"];
    CaptureValue "capture-value" View "Capture value" "Make a variable of what is under the cursor, whenever this is sent: a row of Capture" [Response "@"];
    CopyHex "copy-hex" View "Copy hex" "Copy the bytes of this message as hex digits" [Conversation "Y", Traffic "Y"];
    CopyEscaped "copy-escaped" View "Copy escaped" "Copy this message as escaped text" [Conversation "<A-y>", Traffic "<A-y>"];
    CopyC "copy-c" View "Copy C" "Copy this message, or the selected bytes, as an array of C" [Conversation "<A-c>", Traffic "<A-c>"];
    CopyPython "copy-python" View "Copy Python" "Copy this message, or the selected bytes, as a bytes literal of Python" [Conversation "<A-p>", Traffic "<A-p>"];
    CopyCurl "copy-curl" View "Copy curl" "Copy the HTTP request that this row is of, or answers, as a curl command" [Traffic "<A-u>"];
    Compare "compare" View "Compare" "Compare this answer with the marked one, else with the one before; in Traffic the two marked rows; a run with the one before" [Response "=", Traffic "=", History "=", Environments "=", RunRows "="];
    MarkAnswer "mark-answer" View "Mark answer" "Mark this answer, to compare another one with it" [Response "m"];
    SaveToFile "save-to-file" View "Save to file" "Write the body or message on screen to a file" [Response "s", RunRows "s"];
    Recipes "recipes" View "Recipes" "Choose what to make of the body on screen: filtered, sorted, as a table" [Response "M"];
    Jq "jq" View "Jq" "Filter JSON with jq" [Response "q"];
    SortKeys "sort-keys" View "Sort keys" "Put the keys of JSON in order, and back" [Response "K"];
    Unescape "unescape" View "Unescape" "Show JSON and text inside strings as what they are, and back" [Response "U"];
    OpenValue "open-value" View "Open value" "Show what the string under the cursor holds, JSON laid out" [Response "i"];
    Tabulate "tabulate" View "Tabulate" "Show CSV, TSV, JSON Lines or a list as a table, and back" [Response "C"];
    Pipe "pipe" View "Pipe" "Pipe the body on screen to a command, and show what it prints" [Response "|"];
    OpenOutside "open-outside" View "Open outside" "Open the body on screen with the program for its kind" [Response "o"];
    Pager "pager" View "Pager" "Show the body on screen in $PAGER" [Response "P"];
    Framing "framing" View "Framing" "Cut what came into lines or messages, or undo that" [Conversation "F"];
    ShowCode "show-code" View "Show code" "Export this preset or folder: curl, Python, .http, hurl, Postman, k6 and others; copy it or save it to a file" [Plain "c"];
    Theme "theme" View "Theme" "Choose the colour theme from a list, seen while moving" [Plain "T"];
    Redraw "redraw" View "Redraw" "Draw the screen anew" [];

    ExternalEditor "external-editor" Edit "External editor" "Edit this text in $VISUAL or $EDITOR" [List "e", Global "<C-e>"];
    DeleteRow "delete-row" Edit "Delete row" "Cut what is selected, or delete this row of the form" [Form "<C-x>"];
    ToggleRow "toggle-row" Edit "Toggle row" "Switch this row of the form on or off" [Form "<C-t>"];
    AddRow "add-row" Edit "Add row" "Add a row, rule or step" [Form "<A-n>", Environments "a"];
    DuplicateRow "duplicate-row" Edit "Duplicate row" "Put a copy of this row, rule or step behind it" [Form "<A-D>"];
    Undo "undo" Edit "Undo" "Take back what was typed or done to rows, or bring back what was deleted last" [Form "<A-z>", Form "<A-u>", Form "<C-_>", Presets "<A-z>", Environments "u", Environments "<A-z>", ColumnList "u", Cookies "u"];
    Redo "redo" Edit "Redo" "Make again what was taken back" [Form "<A-y>", Form "<A-Z>"];
    LayOut "lay-out" Edit "Lay out" "Lay out the JSON, XML or HTML that is written (undo brings the old text back), or XML and HTML on screen (again: back)" [Form "<A-F>", Response "X"];
    NextCell "next-cell" Edit "Next cell" "Next cell, or a new row" [Form "<Enter>"];
    AcceptCompletion "accept-completion" Edit "Accept completion" "Take the completion that is marked" [Completion "<Tab>", Chosen "<Enter>", FilterLine "<Tab>"];
    OfferCompletions "offer-completions" Edit "Offer completions" "Show what can stand here" [Form "<C-Space>", Form "<A-/>", Input "<C-Space>", Input "<A-/>"];
    PayloadFormat "payload-format" Edit "Payload format" "Write the input line as text or hex" [Input "<A-x>", Conversation "<A-x>"];
    LineEnding "line-ending" Edit "Line ending" "End what is sent with CRLF, LF, CR or nothing, in turn" [Input "<A-e>", Conversation "<A-e>"];
    SendLine "send-line" Edit "Send line" "Send the input line with its line ending" [Input "<Enter>"];
    SendWithoutEnding "send-without-ending" Edit "Send without ending" "Send the input line without its line ending" [Input "<A-Enter>"];
    NewLine "new-line" Edit "New line" "Insert a line break into the input line" [Input "<A-j>", Input "<S-Enter>", Input "<C-j>", About "<A-j>", About "<S-Enter>", About "<C-j>", Variable "<A-j>"];
    SendToAll "send-to-all" Edit "Send to all" "Send the input line to every connection" [Input "<A-a>"];
    EditMessage "edit-message" Edit "Edit message" "Edit this message in the input line" [Conversation "p"];
    InputLine "input-line" Edit "Input line" "Go to the input line" [Conversation "i"];
    OlderInput "older-input" Edit "Older input" "Input line sent before" [Input "<Up>"];
    NewerInput "newer-input" Edit "Newer input" "Input line sent after" [Input "<Down>"];

    Save "save" Presets "Save" "Save what is composed as a preset; in the window of code that to a file" [Global "<C-s>", Code "w"];
    SaveAs "save-as" Presets "Save as" "Save under another name" [Plain "S", Conflict "s"];
    New "new" Presets "New" "Compose something new" [Global "<C-n>", Environments "n"];
    Rename "rename" Presets "Rename" "Rename the preset or folder, or move it: FOLDER/NAME" [Presets "r", Environments "r"];
    NewFolder "new-folder" Presets "New folder" "Make a folder for presets" [Presets "f"];
    Move "move" Presets "Move" "Move the preset or folder into another folder" [Presets "m"];
    MoveUp "move-up" Edit "Move up" "Move the row, preset or folder up" [Form "<A-Up>", Presets "<A-Up>", ColumnList "K", ColumnList "<A-Up>"];
    MoveDown "move-down" Edit "Move down" "Move the row, preset or folder down" [Form "<A-Down>", Presets "<A-Down>", ColumnList "J", ColumnList "<A-Down>"];
    Duplicate "duplicate" Presets "Duplicate" "Duplicate the preset" [Presets "D", Environments "D"];
    Delete "delete" Presets "Delete" "Delete the preset or the whole folder, after asking" [Presets "d", Presets "<Del>", Environments "d", Environments "<Del>", Cookies "d", Cookies "<Del>"];
    Describe "describe" Presets "Describe" "Edit what the preset says about itself" [Presets "A"];
    Readdress "readdress" Presets "Readdress" "Change scheme, host and port of all presets of a folder; what that makes of each is shown before" [Presets "U"];
    FoldAll "fold-all" Presets "Fold all" "Fold all folders, or the objects and lists of a body, or unfold them" [Presets "F", Response "F"];
    Revert "revert" Presets "Revert" "Throw away unsaved changes, after asking" [Presets "u"];
    Import "import" Presets "Import" "Bring in presets of other tools: a file, a folder, or what is pasted; nothing is written before it was seen" [Presets "i"];
    OpenPreset "open-preset" Presets "Open preset" "Open the preset that this entry was sent from, as it is now" [History "o"];
    ForgetEntry "forget-entry" Presets "Forget entry" "Forget this entry of the history, after asking" [History "d", History "<Del>"];
    ForgetHistory "forget-history" Presets "Forget history" "Forget the whole history, after asking" [History "D"];
    MakePreset "make-preset" Presets "Make preset" "Make something to send of what was received" [List "t"];

    Pause "pause" Traffic "Pause" "Freeze the view; capturing goes on" [Traffic "<Space>"];
    Mark "mark" Traffic "Mark" "Mark the row; marked rows are never evicted" [Traffic "m", History "m"];
    Export "export" Traffic "Export" "Write records to a file: pcapng, HAR, JSON Lines, CSV, text or bytes; again: cancel it" [Traffic "X"];
    Statistics "statistics" Traffic "Statistics" "Add up what crossed: by session, peer, process and second, with latencies" [Plain "%", Statistics "%"];
    Replay "replay" Traffic "Replay" "Say again what the row, its exchange or conversation, or the marked rows said; again: how far it is" [Traffic "r"];
    MakeMock "make-mock" Traffic "Make mock" "Make a listener that answers as seen: of the marked rows' conversations, else of those the filter lets through, else of the row's" [Traffic "M"];
    MakeRule "make-rule" Traffic "Make rule" "Let a listener answer as was seen: the answer of this exchange becomes a rule of one that is open, of a preset or of a new one" [Traffic "A", Response "A"];
    PipeLive "pipe-live" Traffic "Pipe live" "Pipe packets into Wireshark as they come; again: end that" [Traffic "|"];
    Clear "clear" Traffic "Clear" "Forget all rows, after asking when they are many" [Traffic "C"];
    UndoClear "undo-clear" Traffic "Undo clear" "Undo clear: bring back the rows forgotten a moment ago" [Traffic "u"];
    Detail "detail" Traffic "Detail" "Show or hide the detail of the row" [Traffic "<Enter>"];
    FilterBy "filter-by" Traffic "Filter by" "Choose a filter: what the row has in a cell or not, saved ones, those used before" [Traffic "f"];
    SaveFilter "save-filter" Traffic "Save filter" "Give the filter in force a name" [Traffic "W"];
    ShowTimes "show-times" Traffic "Show times" "Show times with milliseconds, microseconds, of UTC, since the start, since the marked row before or with the date, in turn" [Traffic "i"];
    Columns "columns" Traffic "Columns" "Choose the columns of Traffic, their order and width" [Traffic "#"];
    SortBy "sort-by" Traffic "Sort by" "Put the rows in the order of a column; Esc goes back to time" [Traffic "O"];
    ColorRows "color-rows" Traffic "Color rows" "Give rows that the filter in force lets through a colour, from now on" [Traffic "*"];
    TimeStrip "time-strip" Traffic "Time strip" "Show what the rows are spread over by time, and hide it" [Traffic "~"];
    LaterSpan "later-span" Traffic "Later span" "To the next span of the time strip in which there is something" [Traffic "."];
    EarlierSpan "earlier-span" Traffic "Earlier span" "To such a span before" [Traffic ","];
    GoToTime "go-to-time" Traffic "Go to time" "Go to the first row at a time of day, or to one by its number" [Traffic "@"];
    OpenConversation "open-conversation" Traffic "Open conversation" "Show the connection or exchange of this row; Esc comes back" [Traffic "o"];
    Comment "comment" Traffic "Comment" "Write something about the row, which is marked by it" [Traffic ";"];
    NextError "next-error" Traffic "Next error" "To the next row that failed, was reset or answers with 400 or more" [Traffic ")", RunRows ")"];
    PreviousError "previous-error" Traffic "Previous error" "To such a row before" [Traffic "(", RunRows "("];
    NextSlow "next-slow" Traffic "Next slow" "To the next answer among the slowest twentieth" [Traffic ">"];
    PreviousSlow "previous-slow" Traffic "Previous slow" "To such an answer before" [Traffic "<lt>"];
    NextMarked "next-marked" Traffic "Next marked" "To the next marked row" [Traffic "'"];
    PreviousMarked "previous-marked" Traffic "Previous marked" "To the marked row before" [Traffic "\""];

    Palette "palette" Program "Palette" "Find and run any action or preset" [Global "<C-p>", Plain ":"];
    Help "help" Program "Help" "Help for where you are" [Global "<F1>", Plain "?"];
    Suspend "suspend" Program "Suspend" "Stop the program until fg" [Global "<C-z>"];
    Quit "quit" Program "Quit" "Leave; unsaved work is kept and comes back" [Global "<C-q>"];

    Choose "choose" Window "Choose" "Take what is chosen or typed" [Line "<Enter>", Choices "<Enter>", Question "<Enter>", Conflict "<Enter>", Name "<Enter>", About "<Enter>", Environments "<Enter>", Variable "<Enter>", Export "<Enter>", Import "<Enter>", ColumnList "<Enter>", RunOptions "<Enter>", Cookies "<Enter>"];
    Accept "accept" Window "Accept" "Do what was asked" [Question "y", Question "Y"];
    Complete "complete" Window "Complete" "Complete what is typed" [Name "<Tab>", Export "<Tab>", Import "<Tab>", RunOptions "<Tab>"];
    KeepMine "keep-mine" Window "Keep mine" "Replace the file that changed on disk" [Conflict "m"];
    TakeTheirs "take-theirs" Window "Take theirs" "Read the file, my changes are lost" [Conflict "t"];
    DeleteDomain "delete-domain" Window "Delete domain" "Delete all cookies of this domain" [Cookies "D"];
    ClearCookies "clear-cookies" Window "Clear cookies" "Delete all cookies of the environment" [Cookies "C"];
    CountFiltered "count-filtered" Window "Count filtered" "Count all records, or only those the filter lets through" [Statistics "f"];
    RunAgain "run-again" Window "Run again" "Run all of it once more" [RunRows "r", RunRows "<F5>"];
    RunFailed "run-failed" Window "Run failed" "Run what did not pass once more" [RunRows "R"];
    FailedFirst "failed-first" Window "Failed first" "Put what did not pass first, or all rows in their order" [RunRows "o"];
    TakeBack "take-back" Window "Take back" "Take back the letter typed last" [Jump "<Backspace>"];
    ForwardHeld "forward-held" Window "Forward held" "Pass on what is held as it came, or as it is written" [Held "f", Held "<Enter>", HeldText "<F5>", HeldText "<C-s>", HeldText "<A-Enter>", HeldText "<C-Enter>"];
    DropHeld "drop-held" Window "Drop held" "Do not pass on what is held" [Held "d", Held "<Del>"];
    EditHeld "edit-held" Window "Edit held" "Edit what is held as text" [Held "e"];
    EditHeldHex "edit-held-hex" Window "Edit held hex" "Edit what is held as hex, or as text again" [Held "x", HeldText "<A-x>"];
    ReleaseHeld "release-held" Window "Release held" "Pass on all that is held as it came, and hold nothing more" [Held "R"];
    HoldFilter "hold-filter" Window "Hold filter" "Say which filter what is held has to fit; an empty one ends it" [Held "/"];
    ToggleSecret "toggle-secret" Window "Toggle secret" "Move the variable into the file of secrets, and back" [Environments "m"];
    ShowSecrets "show-secrets" Window "Show secrets" "Show the secrets in the code, and mask them again; that of a row for a moment" [Code "s", Environments "s", Variable "<A-s>", Cookies "s"];
}

impl Action {
    /// The action's row.
    pub fn row(self) -> &'static ActionInfo {
        &TABLE[self as usize]
    }

    /// The action with this name in keymap files, which may be one it had before.
    pub fn named(name: &str) -> Option<Action> {
        NAMED.get(name).copied()
    }
}

/// Actions by name: hints ask for some at every frame.
static NAMED: LazyLock<HashMap<&str, Action>> = LazyLock::new(|| {
    let now = TABLE.iter().map(|row| (row.name, row.action));
    FORMER.iter().copied().chain(now).collect()
});

/// Names that keymap files may still have.
const FORMER: &[(&str, Action)] = &[
    ("interrupt", Action::Cancel),
    ("half-close", Action::FinishSending),
    ("mode-http", Action::Http),
    ("mode-tcp", Action::Tcp),
    ("mode-udp", Action::Udp),
    ("save-body", Action::SaveToFile),
    ("edit-external", Action::ExternalEditor),
    ("send-bare", Action::SendWithoutEnding),
    ("input-older", Action::OlderInput),
    ("input-newer", Action::NewerInput),
    ("edit-about", Action::Describe),
    ("turn-around", Action::MakePreset),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_its_action_and_is_documented() {
        for (at, row) in TABLE.iter().enumerate() {
            assert_eq!(row.action as usize, at);
            assert!(!row.title.is_empty() && row.help.len() > 5, "{}", row.name);
            assert_eq!(Action::named(row.name), Some(row.action));
        }
    }

    #[test]
    fn variant_name_and_words_of_an_action_say_the_same() {
        for row in TABLE {
            let mut kebab = String::new();
            for c in format!("{:?}", row.action).chars() {
                if c.is_uppercase() && !kebab.is_empty() {
                    kebab.push('-');
                }
                kebab.extend(c.to_lowercase());
            }
            assert_eq!(kebab, row.name);
            let words = row.title.to_lowercase();
            let words = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            assert_eq!(row.name, words.collect::<Vec<_>>().join("-"));
        }
    }

    #[test]
    fn names_of_before_still_mean_their_actions() {
        for (former, action) in FORMER {
            assert!(TABLE.iter().all(|row| row.name != *former), "{former}");
            assert_eq!(Action::named(former), Some(*action));
        }
    }
}
