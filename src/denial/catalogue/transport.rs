//! What stops git on the way to GitHub, or GitHub itself; none of it is the token's fault.

use super::{Denial, Source};

/// The rows, sorted by id.
pub(super) const ROWS: &[Denial] = &[
    Denial {
        id: "captive-portal",
        says: &[
            "git: not valid: is this a git repository?",
            "git: The requested URL returned error: 511",
            "head: HTTP 511",
        ],
        hints: &[],
        also: &[],
        means: "something else answers in GitHub's place: a login page of this network, or a filter",
        fix: &[
            "open any page in a browser and log in to the network, or leave it",
            "then try again; the token was not judged",
        ],
        pages: &[],
        sources: &[
            Source::Measured("git 2.47.3 against a page of HTML"),
            Source::Documented("https://www.rfc-editor.org/rfc/rfc6585#section-6"),
        ],
        samples: &[
            "fatal: https://github.com/acme/secret/info/refs not valid: is this a git repository?",
            "fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 511",
            "HTTP 511\ncontent-type: text/html\n\n<html><body>Log in</body></html>",
        ],
        paraphrases: [
            "warning: x\nfatal: https://github.com/acme/secret.git/info/refs not valid:\n is this a git repository?",
            "HTTP/1.1 511 Network Authentication Required\n\n<html>",
        ],
        near_miss: "fatal: not a git repository (or any of the parent directories): .git",
    },
    Denial {
        id: "proxy-failed",
        says: &[
            "git: Could not resolve proxy: {proxy}",
            "git: CONNECT tunnel failed, response {code#}",
            "git: Received HTTP code {code#} from proxy after CONNECT",
            "git: Proxy CONNECT aborted",
            "git: Unsupported proxy syntax in",
            "git: Unsupported proxy scheme for",
            "git: Failed to connect to {name} port {port#} via {proxy}",
            "git: The requested URL returned error: 407",
            "head: HTTP 407",
        ],
        hints: &[],
        also: &[],
        means: "the proxy did not let the request through; GitHub was not reached",
        fix: &[
            "look at http.proxy (git config --show-origin --get-all http.proxy) and at https_proxy",
            "if it wants a login, see whether that is still right",
        ],
        pages: &[],
        sources: &[
            Source::Measured("git 2.47.3 with libcurl 7.88.1"),
            Source::Documented("https://curl.se/libcurl/c/libcurl-errors.html"),
        ],
        samples: &[
            "fatal: unable to access 'https://github.com/acme/secret/': CONNECT tunnel failed, response 407",
            "fatal: unable to access 'https://github.com/acme/secret/': Received HTTP code 407 from proxy after CONNECT",
            "fatal: unable to access 'https://github.com/acme/secret/': Could not resolve proxy: proxy.example.com",
            "fatal: unable to access 'https://github.com/acme/secret/': Proxy CONNECT aborted",
            "fatal: unable to access 'https://github.com/acme/secret/': Unsupported proxy syntax in ':'",
            "fatal: unable to access 'https://github.com/acme/secret/': Failed to connect to github.com port 443 via proxy.example.com after 2 ms: Couldn't connect to server",
        ],
        paraphrases: [
            "error: connect tunnel failed, response 403",
            "could not resolve proxy: 'proxy.example.com'",
        ],
        near_miss: "fatal: unable to access 'https://github.com/acme/secret/': Failed to connect to github.com port 443 after 2 ms: Couldn't connect to server",
    },
    Denial {
        id: "rate-limited",
        says: &[
            "API rate limit exceeded for",
            "You have exceeded a secondary rate limit",
            "You have triggered an abuse detection mechanism",
            "This request was rate-limited due to too many requests",
            "git: rate limited by '{where}'",
            "git: The requested URL returned error: 429",
            "git: RPC failed; HTTP 429",
            "head: HTTP 429",
            "head: HTTP 403 && head: x-ratelimit-remaining: 0",
        ],
        hints: &[],
        also: &["please try again in {seconds#} seconds", "head: retry-after: {seconds#}"],
        means: "too many requests from this account or network; the token was not judged",
        fix: &[
            "wait a few minutes, then try again",
            "requests with a token are counted apart from those of the network: use one",
        ],
        pages: &[],
        sources: &[
            Source::Reported("ROCm/TheRock#6431 (git, 2026-07)"),
            Source::Documented(
                "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api",
            ),
            Source::Measured("git 2.55.0 (its own line)"),
        ],
        samples: &[
            "remote: This request was rate-limited due to too many requests. Reduce the frequency of your requests or try again later.\n\
             remote: For more on scraping GitHub and how it may affect your rights, please review our Terms of Service (https://docs.github.com/en/site-policy/github-terms/github-terms-of-service).\n\
             fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 429",
            "fatal: rate limited by 'https://github.com/acme/secret/', please try again in 60 seconds",
            "error: RPC failed; HTTP 429 curl 22 The requested URL returned error: 429\nfatal: the remote end hung up unexpectedly",
            "HTTP 429\ncontent-type: text/plain\nretry-after: 60\n\n\
             This request was rate-limited due to too many requests. Reduce the frequency of your requests or try again later.",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\nx-ratelimit-remaining: 0\n\n\
             {\"message\":\"API rate limit exceeded for user ID 583231.\",\"documentation_url\":\"https://docs.github.com/rest\",\"status\":\"403\"}",
            "HTTP 403\ncontent-type: application/json; charset=utf-8\nx-github-request-id: 1:2:3:4:5\nretry-after: 60\n\n\
             {\"message\":\"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.\",\"status\":\"403\"}",
        ],
        paraphrases: [
            "gh: API rate limit exceeded for 192.0.2.1. (But here's the good news) (HTTP 403)",
            "fatal: rate limited by https://github.com/acme/secret/",
        ],
        near_miss: "HTTP 403\nx-ratelimit-remaining: 4999\n\n{\"message\":\"Resource not accessible by personal access token\"}",
    },
    Denial {
        id: "server-error",
        says: &[
            "git: The requested URL returned error: 5{status#}",
            "git: RPC failed; HTTP 5{status#}",
            "head: HTTP 5{status#}",
            "Internal Server Error",
        ],
        hints: &[],
        also: &[],
        means: "GitHub has trouble of its own; the token was not judged",
        fix: &["look at https://www.githubstatus.com and try again later"],
        pages: &[],
        sources: &[Source::Measured("git 2.47.3"), Source::Documented("https://www.githubstatus.com")],
        samples: &[
            "fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 502",
            "remote: Internal Server Error\nfatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 500",
            "error: RPC failed; HTTP 503 curl 22 The requested URL returned error: 503\nfatal: the remote end hung up unexpectedly",
            "HTTP 502\ncontent-type: text/html\n\n<html><body>Unicorn!</body></html>",
        ],
        paraphrases: [
            "error: The requested URL returned error: 504 while accessing https://github.com/acme/secret.git/info/refs",
            "remote: internal server error",
        ],
        near_miss: "fatal: unable to access 'https://github.com/acme/secret/': The requested URL returned error: 403",
    },
    Denial {
        id: "tls-failed",
        says: &[
            "git: SSL certificate problem",
            "git: server certificate verification failed",
            "git: no alternative certificate subject name matches target host name",
            "git: SSL: certificate subject name {name..} does not match target host name",
            "git: gnutls_handshake() failed",
            "git: schannel: next InitializeSecurityContext failed",
            "git: schannel: CertGetCertificateChain trust error",
            "git: OpenSSL SSL_connect",
            "git: LibreSSL SSL_connect",
            "git: error setting certificate verify locations",
            "git: error setting certificate file",
            "git: error adding trust anchors from file",
            "git: Problem with the SSL CA cert",
        ],
        hints: &[],
        also: &[],
        means: "no trusted connection could be made, so the token was not sent",
        fix: &[
            "behind a company's proxy: give git its certificate, git config --global http.sslCAInfo FILE",
            "see whether the clock is right and the system's certificates are current",
        ],
        pages: &[],
        sources: &[
            Source::Measured("git 2.47.3 with libcurl 7.88.1 and GnuTLS"),
            Source::Documented("https://curl.se/docs/sslcerts.html"),
        ],
        samples: &[
            "fatal: unable to access 'https://github.com/acme/secret/': SSL certificate problem: unable to get local issuer certificate",
            "fatal: unable to access 'https://github.com/acme/secret/': server certificate verification failed. CAfile: none CRLfile: none",
            "fatal: unable to access 'https://github.com/acme/secret/': SSL: certificate subject name (other.example) does not match target host name 'github.com'",
            "fatal: unable to access 'https://github.com/acme/secret/': SSL: no alternative certificate subject name matches target host name 'github.com'",
            "fatal: unable to access 'https://github.com/acme/secret/': gnutls_handshake() failed: The TLS connection was non-properly terminated.",
            "fatal: unable to access 'https://github.com/acme/secret/': OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to github.com:443",
            "fatal: unable to access 'https://github.com/acme/secret/': schannel: next InitializeSecurityContext failed: Unknown error (0x80092012)",
            "fatal: unable to access 'https://github.com/acme/secret/': error setting certificate verify locations:  CAfile: /none.pem CApath: none",
            "fatal: unable to access 'https://github.com/acme/secret/': Problem with the SSL CA cert (path? access rights?)",
        ],
        paraphrases: [
            "[err] ssl certificate problem: self-signed certificate in certificate chain",
            "fatal: unable to access 'https://github.com/acme/secret/': Server certificate\nverification failed. CAfile: none",
        ],
        near_miss: "remote: SSL certificate problem",
    },
    Denial {
        id: "unreachable",
        says: &[
            "git: Could not resolve host: {name}",
            "git: Failed to connect to {name} port {port#}",
            "git: Couldn't connect to server",
            "git: Connection timed out",
            "git: Connection reset by peer",
            "git: Network is unreachable",
            "git: Operation timed out after",
            "git: Operation too slow",
            "git: Empty reply from server",
            "git: ssh: connect to host {name} port {port#}",
            "git: ssh: Could not resolve hostname {name}",
        ],
        hints: &[],
        also: &[],
        means: "the host gave no answer, so the token was not judged",
        fix: &[
            "see whether this machine is online, and whether a proxy or VPN is wanted here",
            "then try again",
        ],
        pages: &[],
        sources: &[
            Source::Measured("git 2.47.3 with libcurl 7.88.1"),
            Source::Documented("https://curl.se/libcurl/c/libcurl-errors.html"),
        ],
        samples: &[
            "fatal: unable to access 'https://github.com/acme/secret/': Could not resolve host: github.com",
            "fatal: unable to access 'https://github.com/acme/secret/': Failed to connect to github.com port 443 after 0 ms: Couldn't connect to server",
            "fatal: unable to access 'https://github.com/acme/secret/': Failed to connect to github.com port 443: Connection timed out",
            "fatal: unable to access 'https://github.com/acme/secret/': Recv failure: Connection reset by peer",
            "fatal: unable to access 'https://github.com/acme/secret/': Empty reply from server",
            "ssh: connect to host github.com port 22: Connection refused\nfatal: Could not read from remote repository.",
            "ssh: Could not resolve hostname github.com: Name or service not known\nfatal: Could not read from remote repository.",
        ],
        paraphrases: [
            "curl: (6) could not resolve host: github.com",
            "error: RPC failed; curl 28 Operation timed out after 300000 milliseconds with 0 bytes received",
        ],
        near_miss: "fatal: unable to access 'https://github.com/acme/secret/': Could not resolve proxy: proxy.example.com",
    },
];
