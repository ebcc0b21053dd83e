//! Headers that are often written, with values they often have; and types of content. Data alone.

use crate::model::http::OFFERED_METHODS;

/// A header, what it is for, and values it often has.
pub(super) struct HeaderWords {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) values: &'static [&'static str],
}

macro_rules! headers {
    ($($name:literal $about:literal $values:expr;)*) => {
        &[$(HeaderWords { name: $name, about: $about, values: $values }),*]
    };
}

/// Types of content.
pub(super) const TYPES: &[&str] = &[
    "application/json",
    "application/problem+json",
    "application/ld+json",
    "application/vnd.api+json",
    "application/x-ndjson",
    "application/xml",
    "application/yaml",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "application/pdf",
    "application/zip",
    "application/graphql-response+json",
    "application/javascript",
    "application/cbor",
    "application/msgpack",
    "application/protobuf",
    "application/soap+xml",
    "multipart/form-data",
    "text/plain",
    "text/html",
    "text/css",
    "text/csv",
    "text/xml",
    "text/event-stream",
    "text/markdown",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/svg+xml",
    "audio/mpeg",
    "video/mp4",
    "*/*",
];
/// What follows a type behind `;`.
pub(super) const PARAMETERS: &[&str] = &["charset=utf-8", "boundary=", "q=0.9", "q=0.8", "q=0.5"];

const CODINGS: &[&str] = &["gzip", "br", "zstd", "deflate", "identity"];
const LANGUAGES: &[&str] = &["en", "en-US", "en-GB", "de", "fr", "es", "it", "ja", "zh-CN", "*"];
const SCHEMES: &[&str] = &["Basic ", "Bearer ", "Digest ", "Negotiate ", "AWS4-HMAC-SHA256 "];
const ORIGINS: &[&str] = &["http://localhost:3000", "https://example.com", "null"];
const DATES: &[&str] = &["Thu, 01 Jan 1970 00:00:00 GMT"];

/// Methods that are offered; any other can be typed.
pub(super) const METHODS: &[&str] = &[
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "QUERY",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
    "PURGE",
];

/// Headers that are offered before others that begin like them.
pub(super) const COMMON: &[&str] = &[
    "Content-Type",
    "Accept",
    "Authorization",
    "Cookie",
    "User-Agent",
    "Cache-Control",
    "Host",
    "If-None-Match",
    "Origin",
    "X-Request-ID",
    "Set-Cookie",
    "Location",
    "ETag",
];

/// Headers of requests.
pub(super) const OF_REQUESTS: &[HeaderWords] = headers! {
    "Accept" "types that are wanted" TYPES;
    "Accept-Charset" "character sets that are wanted" &["utf-8", "iso-8859-1"];
    "Accept-Encoding" "codings that are understood" CODINGS;
    "Accept-Language" "languages that are wanted" LANGUAGES;
    "Access-Control-Request-Headers" "asked before a request of another origin" &["content-type", "authorization"];
    "Access-Control-Request-Method" "asked before a request of another origin" OFFERED_METHODS;
    "Authorization" "who is asking" SCHEMES;
    "Cache-Control" "what caches may do" &["no-cache", "no-store", "max-age=0", "no-transform", "only-if-cached", "max-stale", "min-fresh="];
    "Connection" "what becomes of the connection" &["close", "keep-alive", "Upgrade", "TE"];
    "Content-Disposition" "how the body is meant" &["attachment; filename=\"\"", "inline", "form-data; name=\"\""];
    "Content-Encoding" "codings of the body" CODINGS;
    "Content-Language" "language of the body" LANGUAGES;
    "Content-Length" "bytes of the body" &[];
    "Content-Type" "type of the body" TYPES;
    "Cookie" "what a server asked to be told again" &[];
    "Date" "when it was sent" DATES;
    "DNT" "not to be tracked" &["1", "0"];
    "Expect" "waits before the body" &["100-continue"];
    "Forwarded" "the way through proxies" &["for=127.0.0.1;proto=https"];
    "From" "address of who is responsible" &[];
    "Host" "name of the server" &["localhost"];
    "Idempotency-Key" "tells repetitions apart" &[];
    "If-Match" "only this version" &["*"];
    "If-Modified-Since" "only if changed since" DATES;
    "If-None-Match" "only another version" &["*"];
    "If-Range" "the rest of this version" &[];
    "If-Unmodified-Since" "only if not changed since" DATES;
    "Keep-Alive" "how long the connection is kept" &["timeout=5, max=100"];
    "Last-Event-ID" "where a stream of events goes on" &[];
    "Max-Forwards" "proxies it may pass" &["10", "0"];
    "Origin" "where the request comes from" ORIGINS;
    "Pragma" "as Cache-Control, for old caches" &["no-cache"];
    "Prefer" "how it is to be answered" &["return=minimal", "return=representation", "respond-async", "wait=10"];
    "Priority" "how urgent it is" &["u=1", "u=3, i", "i"];
    "Proxy-Authorization" "who asks the proxy" SCHEMES;
    "Range" "a part of the body" &["bytes=0-1023", "bytes=1024-", "bytes=-500"];
    "Referer" "the page that led here" &[];
    "Sec-Fetch-Dest" "what it is for" &["document", "empty", "image", "script", "style"];
    "Sec-Fetch-Mode" "how it is fetched" &["cors", "navigate", "no-cors", "same-origin", "websocket"];
    "Sec-Fetch-Site" "whose page it is of" &["same-origin", "same-site", "cross-site", "none"];
    "Sec-WebSocket-Key" "of a handshake of WebSocket" &[];
    "Sec-WebSocket-Protocol" "protocols inside WebSocket" &["graphql-transport-ws", "mqtt"];
    "Sec-WebSocket-Version" "of a handshake of WebSocket" &["13"];
    "TE" "codings of the transfer" &["trailers"];
    "traceparent" "where it belongs in a trace" &["00-00000000000000000000000000000001-0000000000000001-01"];
    "tracestate" "what tracers add to it" &[];
    "Trailer" "headers behind the body" &[];
    "Transfer-Encoding" "how the body is framed" &["chunked"];
    "Upgrade" "another protocol" &["websocket", "h2c"];
    "Upgrade-Insecure-Requests" "https instead of http" &["1"];
    "User-Agent" "the program that asks" &["Mozilla/5.0", "curl/8.5.0"];
    "Via" "proxies on the way" &["1.1 proxy"];
    "X-API-Key" "who is asking" &[];
    "X-Correlation-ID" "names the request in logs" &[];
    "X-CSRF-Token" "against forged requests" &[];
    "X-Forwarded-For" "address of the client before a proxy" &["127.0.0.1"];
    "X-Forwarded-Host" "host asked for before a proxy" &["localhost"];
    "X-Forwarded-Proto" "scheme before a proxy" &["https", "http"];
    "X-HTTP-Method-Override" "the method that is meant" OFFERED_METHODS;
    "X-Real-IP" "address of the client before a proxy" &["127.0.0.1"];
    "X-Request-ID" "names the request in logs" &[];
    "X-Requested-With" "the library that asks" &["XMLHttpRequest"];
};

/// Headers of answers.
pub(super) const OF_ANSWERS: &[HeaderWords] = headers! {
    "Accept-Ranges" "whether parts can be asked for" &["bytes", "none"];
    "Access-Control-Allow-Credentials" "for other origins" &["true"];
    "Access-Control-Allow-Headers" "for other origins" &["*", "content-type", "authorization"];
    "Access-Control-Allow-Methods" "for other origins" OFFERED_METHODS;
    "Access-Control-Allow-Origin" "for other origins" &["*", "http://localhost:3000", "null"];
    "Access-Control-Expose-Headers" "for other origins" &["*"];
    "Access-Control-Max-Age" "seconds it is remembered" &["600", "86400"];
    "Age" "seconds it was in a cache" &["0"];
    "Allow" "methods that can be used" OFFERED_METHODS;
    "Alt-Svc" "where else it is served" &["h3=\":443\"", "clear"];
    "Cache-Control" "what caches may do" &["no-store", "no-cache", "private", "public", "max-age=3600", "s-maxage=3600", "must-revalidate", "immutable", "stale-while-revalidate=60"];
    "Connection" "what becomes of the connection" &["close", "keep-alive", "Upgrade"];
    "Content-Disposition" "how the body is meant" &["attachment; filename=\"\"", "inline"];
    "Content-Encoding" "codings of the body" CODINGS;
    "Content-Language" "language of the body" LANGUAGES;
    "Content-Length" "bytes of the body" &[];
    "Content-Location" "where the body has its own place" &[];
    "Content-Range" "which part it is" &["bytes 0-1023/2048"];
    "Content-Security-Policy" "what a page may load" &["default-src 'self'"];
    "Content-Type" "type of the body" TYPES;
    "Date" "when it was sent" DATES;
    "ETag" "names the version" &["\"1\"", "W/\"1\""];
    "Expires" "until when it is good" DATES;
    "Last-Modified" "when it was changed" DATES;
    "Link" "related places" &["<http://localhost/?page=2>; rel=\"next\""];
    "Location" "where to go on" &["/"];
    "Proxy-Authenticate" "how to say who is asking" &["Basic realm=\"proxy\""];
    "Referrer-Policy" "what is told of a page" &["no-referrer", "same-origin", "strict-origin-when-cross-origin"];
    "Retry-After" "seconds to wait" &["1", "60", "120"];
    "Server" "the program that answers" &["wirebench"];
    "Server-Timing" "where the time went" &["db;dur=53", "cache;desc=\"hit\""];
    "Set-Cookie" "to be told again" &["id=1; Path=/; HttpOnly; SameSite=Lax", "id=; Max-Age=0; Path=/"];
    "Strict-Transport-Security" "https alone" &["max-age=31536000", "max-age=0"];
    "Trailer" "headers behind the body" &[];
    "Transfer-Encoding" "how the body is framed" &["chunked"];
    "Upgrade" "another protocol" &["websocket", "h2c"];
    "Vary" "what the answer depends on" &["Accept", "Accept-Encoding", "Accept-Language", "Origin", "Cookie", "*"];
    "Via" "proxies on the way" &["1.1 proxy"];
    "WWW-Authenticate" "how to say who is asking" &["Basic realm=\"wirebench\"", "Bearer", "Bearer error=\"invalid_token\"", "Negotiate"];
    "X-Content-Type-Options" "no guessing of types" &["nosniff"];
    "X-Frame-Options" "no frames" &["DENY", "SAMEORIGIN"];
    "X-RateLimit-Limit" "requests that may be sent" &["100"];
    "X-RateLimit-Remaining" "requests that are left" &["0", "99"];
    "X-RateLimit-Reset" "when there are more" &["60"];
    "X-Request-ID" "names the request in logs" &[];
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::http1::fields::is_token;

    #[test]
    fn every_name_is_one_and_stands_there_once_in_order() {
        for list in [OF_REQUESTS, OF_ANSWERS] {
            for pair in list.windows(2) {
                let [a, b] = [pair[0].name, pair[1].name].map(str::to_lowercase);
                assert!(a < b, "{a} before {b}");
            }
            for header in list {
                assert!(
                    is_token(header.name.as_bytes()) && !header.about.is_empty(),
                    "{}",
                    header.name
                );
            }
        }
    }
}
