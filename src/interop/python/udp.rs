//! UDP clients and listeners with `socket`.

use std::fmt::Write;
use std::net::IpAddr;

use super::literal::{bind, bytes, is_ipv6, seconds, text};
use super::rules;
use crate::model::endpoint::Bind;
use crate::model::plan::{StepPlan, UdpListenerPlan, UdpPlan};

/// How long a client's script waits for replies after its last step.
const REPLY_SECONDS: u32 = 5;

/// The whole script: does the steps, then prints replies until none comes for a while.
pub(super) fn client(plan: &UdpPlan) -> String {
    let waits = plan.steps.iter().any(|step| matches!(step, StepPlan::Expect { .. }));
    let ipv6 = plan.endpoint.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6())
        || plan.source.as_ref().is_some_and(is_ipv6);
    let family = if ipv6 { "AF_INET6" } else { "AF_INET" };
    let mut script = String::from("import socket\n");
    if waits {
        script.push_str(
            "import time\n\n\n\
             def expect(sock, wanted, seconds):\n    \
             \"\"\"Receives until a datagram holds the bytes; fails after the given time.\"\"\"\n    \
             deadline = time.monotonic() + seconds\n    received = b\"\"\n    \
             while wanted not in received:\n        \
             sock.settimeout(max(deadline - time.monotonic(), 0.001))\n        \
             received, peer = sock.recvfrom(65535)\n        print(peer, received)\n\n",
        );
    }
    let _ = writeln!(script, "\nwith socket.socket(socket.{family}, socket.SOCK_DGRAM) as sock:");
    if let Some(source) = &plan.source {
        // A client's source of ":port" means any of our addresses.
        let address = match source {
            Bind::Loopback { port } => format!("(\"\", {port})"),
            other => bind(other).0,
        };
        let _ = writeln!(script, "    sock.bind({address})");
    }
    let _ = writeln!(script, "    peer = ({}, {})", text(&plan.endpoint.host), plan.endpoint.port);
    for step in &plan.steps {
        let _ = match step {
            StepPlan::Send(data) => writeln!(script, "    sock.sendto({}, peer)", bytes(data)),
            StepPlan::Expect { bytes: wanted, within } => {
                writeln!(script, "    expect(sock, {}, {})", bytes(wanted), seconds(*within))
            }
        };
    }
    let _ = writeln!(
        script,
        "    sock.settimeout({REPLY_SECONDS})\n    try:\n        while True:\n            \
         data, sender = sock.recvfrom(65535)\n            print(sender, data)\n    \
         except socket.timeout:\n        print(\"no more replies\")"
    );
    script
}

/// The whole script: one socket answers every peer by the rules.
pub(super) fn listener(plan: &UdpListenerPlan) -> String {
    let (address, remark) = bind(&plan.bind);
    let family = if is_ipv6(&plan.bind) { "AF_INET6" } else { "AF_INET" };
    let mut modules = rules::imports(&plan.rules);
    modules.push("socket");
    modules.sort_unstable();
    let mut script = format!("import {}\n", modules.join("\nimport "));
    let function = rules::function(&plan.rules);
    if !function.is_empty() {
        script.push_str(&function);
        script.push('\n');
    }
    script.push('\n');
    script.push_str(remark.unwrap_or_default());
    let _ = writeln!(script, "with socket.socket(socket.{family}, socket.SOCK_DGRAM) as sock:");
    let _ = writeln!(script, "    sock.bind({address})");
    script.push_str(
        "    print(\"listening on\", sock.getsockname(), flush=True)\n    while True:\n        \
         message, peer = sock.recvfrom(65535)\n        print(peer, message)\n",
    );
    if !plan.rules.is_empty() {
        script.push_str(
            "        reply = answer(message)\n        if reply is not None:\n            \
             sock.sendto(reply, peer)\n",
        );
    }
    script
}
