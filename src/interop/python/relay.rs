//! Relays: of TCP with `socket` and `threading`, of UDP with `select`.

use super::literal::{bind, family_argument, is_ipv6, only, seconds, text};
use crate::interop::socket_options::{connection, datagram_source, family, set};
use crate::model::plan::{TargetPlan, TcpRelayPlan, UdpRelayPlan};
use crate::model::tls::{ClientTls, ListenerTls};

/// Why there is no script.
const NO_TLS: &str =
    "# Python's ssl cannot end one direction of a connection and go on with the other:
# there is no script of a relay with TLS.
";

/// The same for HTTP.
pub(super) const NO_HTTP: &str =
    "# Python has no HTTP proxy among its own modules: there is no script of an HTTP relay.
";
/// What is said of a preset with faults.
const NO_FAULTS: &str = "# passes on without the faults that wirebench puts into it\n";

/// The whole script: two threads per connection, one for each way.
pub(super) fn write(plan: &TcpRelayPlan) -> String {
    let TcpRelayPlan { tls, socket, target, faults, .. } = plan;
    let without = only(!faults.list.is_empty(), NO_FAULTS);
    let TargetPlan { endpoint, connect_timeout, client, .. } = target;
    if plan.socks.is_some() {
        return "# there is no script of a relay whose clients say where to (SOCKS5)\n".into();
    }
    if *tls != ListenerTls::Off || target.tls != ClientTls::Off {
        return NO_TLS.into();
    }
    let (address, remark) = bind(&plan.bind);
    let (connection, connect) = connection(endpoint, client, &seconds(*connect_timeout));
    let calls = socket.calls();
    let options =
        set(&calls, "        ", "client") + &set(&target.socket.calls(), "        ", "server");
    let in_ipv6 = family_argument(&plan.bind);
    format!(
        "{without}import socket
import threading
{connect}

def pass_on(who, source, to):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            print(who, data)
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)
    except OSError as error:  # one of them is gone: so is the other
        print(who, error)
        for end in (source, to):
            end.close()


def serve(client, peer):
    print(peer, \"connected\")
    with client, {connection} as server:
        server.settimeout(None)
{options}        up = threading.Thread(target=pass_on, args=(\"client\", client, server))
        up.start()
        pass_on(\"server\", server, client)
        up.join()
    print(peer, \"finished\")


{remark}with socket.create_server({address}{in_ipv6}) as listener:
    print(\"listening on\", listener.getsockname(), flush=True)
    while True:
        client, peer = listener.accept()
        threading.Thread(target=serve, args=(client, peer), daemon=True).start()
"
    )
}

/// The whole script: a socket for each client, and one loop over all of them.
pub(super) fn udp(plan: &UdpRelayPlan) -> String {
    let UdpRelayPlan { socket, target, client, any_peer, idle, faults, .. } = plan;
    let without = only(!faults.list.is_empty(), NO_FAULTS);
    let (address, remark) = bind(&plan.bind);
    let in_ipv6 = is_ipv6(&plan.bind);
    let (onward, bound) = datagram_source(target, client);
    let onward_ipv6 = onward == "AF_INET6";
    let options = set(&socket.calls(in_ipv6), "    ", "listener");
    let onward_options = set(&socket.calls(onward_ipv6), "    ", "sock") + &bound;
    // A connected socket takes what its peer sends and nothing else.
    let (connect, send) = if *any_peer {
        (String::new(), "servers[client].sendto(data, target)")
    } else {
        ("    sock.connect(target)\n".to_owned(), "servers[client].send(data)")
    };
    let (listening, host, port) = (family(in_ipv6), text(&target.host), target.port);
    format!(
        "{without}import select
import socket
import time

IDLE = {idle}
target = socket.getaddrinfo({host}, {port}, socket.{onward}, socket.SOCK_DGRAM)[0][4]
servers, clients, used = {{}}, {{}}, {{}}


def opened():
    sock = socket.socket(socket.{onward}, socket.SOCK_DGRAM)
{onward_options}{connect}    return sock


{remark}with socket.socket(socket.{listening}, socket.SOCK_DGRAM) as listener:
{options}    listener.bind({address})
    print(\"listening on\", listener.getsockname(), flush=True)
    while True:
        for sock in select.select([listener, *clients], [], [], 1)[0]:
            try:
                data, sender = sock.recvfrom(65535)
                if sock is listener:
                    client = sender
                    if client not in servers:
                        servers[client] = opened()
                        clients[servers[client]] = client
                    print(client, data)
                    {send}
                else:
                    client = clients[sock]
                    print(\"server\", data)
                    listener.sendto(data, client)
                used[client] = time.monotonic()
            except OSError as error:  # nobody listens there
                print(error)
        for client in [it for it, at in used.items() if time.monotonic() - at > IDLE]:
            sock = servers.pop(client)
            del clients[sock], used[client]
            sock.close()
",
        idle = seconds(*idle),
    )
}
