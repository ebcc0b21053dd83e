//! TCP (and TLS) clients and listeners with `socket`, `ssl` and `threading`.

use std::fmt::Write;

use super::literal::{bind, bytes, is_ipv6, seconds, text};
use super::rules;
use crate::model::plan::{StepPlan, TcpListenerPlan, TcpPlan};
use crate::model::tls::{ClientTls, ListenerTls, Verify};

/// The whole script: connects, does the steps, prints what comes until the peer finishes.
pub(super) fn client(plan: &TcpPlan) -> String {
    let waits = plan.steps.iter().any(|step| matches!(step, StepPlan::Expect { .. }));
    let mut script = String::from("import socket\n");
    if plan.tls != ClientTls::Off {
        script.push_str("import ssl\n");
    }
    if waits {
        script.push_str(
            "import time\n\n\n\
             def expect(sock, wanted, seconds):\n    \
             \"\"\"Receives until the bytes have come; fails after the given time.\"\"\"\n    \
             received = b\"\"\n    deadline = time.monotonic() + seconds\n    \
             while wanted not in received:\n        \
             sock.settimeout(max(deadline - time.monotonic(), 0.001))\n        \
             data = sock.recv(65536)\n        \
             if not data:\n            raise ConnectionError(\"the peer finished sending\")\n        \
             print(data)\n        received += data\n    sock.settimeout(None)\n\n",
        );
    }
    script.push('\n');
    let endpoint = format!(
        "socket.create_connection(({}, {}), timeout={})",
        text(&plan.endpoint.host),
        plan.endpoint.port,
        seconds(plan.connect_timeout)
    );
    match &plan.tls {
        ClientTls::Off => {
            let _ = writeln!(script, "with {endpoint} as sock:");
        }
        ClientTls::On { verify, sni } => {
            script.push_str("context = ssl.create_default_context()\n");
            if *verify == Verify::Off {
                script.push_str(
                    "context.check_hostname = False\ncontext.verify_mode = ssl.CERT_NONE\n",
                );
            }
            let name = text(if sni.is_empty() { &plan.endpoint.host } else { sni });
            let _ = writeln!(script, "raw = {endpoint}");
            let _ =
                writeln!(script, "with context.wrap_socket(raw, server_hostname={name}) as sock:");
        }
    }
    script.push_str("    sock.settimeout(None)\n");
    for step in &plan.steps {
        let _ = match step {
            StepPlan::Send(data) => writeln!(script, "    sock.sendall({})", bytes(data)),
            StepPlan::Expect { bytes: wanted, within } => {
                writeln!(script, "    expect(sock, {}, {})", bytes(wanted), seconds(*within))
            }
        };
    }
    script.push_str(
        "    while True:  # until the peer finishes sending\n        data = sock.recv(65536)\n        \
         if not data:\n            break\n        print(data)\n",
    );
    script
}

/// The whole script: a thread per connection greets and answers by the rules.
pub(super) fn listener(plan: &TcpListenerPlan) -> String {
    let (address, remark) = bind(&plan.bind);
    let mut modules = rules::imports(&plan.rules);
    modules.extend(["socket", "threading"]);
    let tls = match &plan.tls {
        ListenerTls::Off => None,
        ListenerTls::Generated => Some(("cert.pem".to_string(), "key.pem".to_string())),
        ListenerTls::Files { certificate, key } => Some((certificate.clone(), key.clone())),
    };
    if tls.is_some() {
        modules.push("ssl");
    }
    modules.sort_unstable();
    let mut script = format!("import {}\n", modules.join("\nimport "));
    script.push_str(&rules::function(&plan.rules));
    script.push_str(
        "\n\ndef serve(connection, peer):\n    print(peer, \"connected\")\n    with connection:\n",
    );
    if tls.is_some() {
        script.push_str("        connection = context.wrap_socket(connection, server_side=True)\n");
    }
    if !plan.greeting.is_empty() {
        let _ = writeln!(script, "        connection.sendall({})", bytes(&plan.greeting));
    }
    script.push_str(
        "        while True:\n            message = connection.recv(65536)\n            \
         if not message:\n                break\n            print(peer, message)\n",
    );
    if !plan.rules.is_empty() {
        script.push_str(
            "            reply = answer(message)\n            if reply is not None:\n                \
             connection.sendall(reply)\n",
        );
    }
    script.push_str("    print(peer, \"finished\")\n\n\n");
    if let Some((certificate, key)) = &tls {
        if plan.tls == ListenerTls::Generated {
            script.push_str(
                "# openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem\n",
            );
        }
        script.push_str("context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n");
        let _ = writeln!(script, "context.load_cert_chain({}, {})", text(certificate), text(key));
    }
    script.push_str(remark.unwrap_or_default());
    let family = if is_ipv6(&plan.bind) { ", family=socket.AF_INET6" } else { "" };
    let _ = writeln!(script, "with socket.create_server({address}{family}) as server:");
    script.push_str(
        "    print(\"listening on\", server.getsockname(), flush=True)\n    while True:\n        \
         connection, peer = server.accept()\n        \
         threading.Thread(target=serve, args=(connection, peer), daemon=True).start()\n",
    );
    script
}
