//! TCP relays with `socket` and `threading`.

use super::literal::{bind, is_ipv6, only, seconds};
use crate::interop::socket_options::{connection, set};
use crate::model::plan::{TargetPlan, TcpRelayPlan};
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

/// The whole script: two threads per connection, one for each way.
pub(super) fn write(plan: &TcpRelayPlan) -> String {
    let TcpRelayPlan { tls, socket, target, .. } = plan;
    let TargetPlan { endpoint, connect_timeout, client, .. } = target;
    if *tls != ListenerTls::Off || target.tls != ClientTls::Off {
        return NO_TLS.into();
    }
    let (address, remark) = bind(&plan.bind);
    let (connection, connect) = connection(endpoint, client, &seconds(*connect_timeout));
    let calls = socket.calls();
    let options =
        set(&calls, "        ", "client") + &set(&target.socket.calls(), "        ", "server");
    let in_ipv6 = only(is_ipv6(&plan.bind), ", family=socket.AF_INET6");
    format!(
        "import socket
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
