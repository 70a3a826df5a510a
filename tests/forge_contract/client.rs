//! A client that is not git: plain requests through the forge's proxy.

use std::fs;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

use crate::forge::Forge;

/// A client of one forge.
pub(super) struct Client {
    agent: Agent,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// The headers, names in lower case.
    pub(super) headers: Vec<(String, String)>,
    /// The body.
    pub(super) body: String,
}

impl Client {
    /// A client that goes through the proxy.
    pub(super) fn new(forge: &Forge) -> Self {
        Self::with(forge, Some(&forge.proxy_url()))
    }

    /// A client as a browser without a proxy is.
    pub(super) fn direct(forge: &Forge) -> Self {
        Self::with(forge, None)
    }

    fn with(forge: &Forge, proxy: Option<&str>) -> Self {
        let pem = fs::read(forge.ca_file()).expect("the forge wrote it");
        let certificate = Certificate::from_pem(&pem).expect("it is a certificate");
        let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[certificate])).build();
        let agent = Agent::config_builder()
            .proxy(proxy.map(|proxy| Proxy::new(proxy).expect("it is a proxy's address")))
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .into();
        Self { agent }
    }

    /// Asks for a page; `authorization` is the header's value.
    pub(super) fn try_get(&self, url: &str, authorization: &str) -> Result<Answer, ureq::Error> {
        let mut request = self.agent.get(url);
        if !authorization.is_empty() {
            request = request.header("Authorization", authorization);
        }
        Answer::read(request.call()?)
    }

    /// Asks for a page, as nobody.
    pub(super) fn get(&self, url: &str) -> Answer {
        self.try_get(url, "").expect("the forge answers")
    }

    /// Asks for a page, with a secret as API clients send it.
    pub(super) fn get_as(&self, url: &str, secret: &str) -> Answer {
        self.try_get(url, &format!("Bearer {secret}")).expect("the forge answers")
    }

    /// Asks git's first question; `service` is `git-upload-pack` or `git-receive-pack`.
    pub(super) fn discover(&self, repository: &str, service: &str, secret: &str) -> Answer {
        let url = format!("{repository}/info/refs?service={service}");
        let authorization = match secret {
            "" => String::new(),
            secret => basic("mona", secret),
        };
        self.try_get(&url, &authorization).expect("the forge answers")
    }

    /// Sends a body.
    pub(super) fn send(&self, method: &str, url: &str, authorization: &str, body: &[u8]) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if !authorization.is_empty() {
            request = request.header("Authorization", authorization);
        }
        let request = request.body(body.to_vec()).expect("it is a request");
        let response = self.agent.run(request).expect("the forge answers");
        Answer::read(response).expect("the forge answers")
    }

    /// Sends a form.
    pub(super) fn post(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        let response = self.agent.post(url).send_form(fields.iter().copied()).expect("the forge answers");
        Answer::read(response).expect("the forge answers")
    }
}

impl Answer {
    fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        let bytes = response.body_mut().read_to_vec()?;
        Ok(Self {
            status: response.status().as_u16(),
            headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    /// The value of a header; empty if there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in a reply of status {}: {}", self.status, self.body))
    }

    /// The `message` of an error.
    pub(super) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// The header's value for a user name and a secret.
pub(super) fn basic(username: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{username}:{secret}")))
}
