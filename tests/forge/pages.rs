//! The pages for people.

use super::Shared;
use super::decide::Site;
use super::http::{Reply, Request};

/// Answers a page of a site; `base` stands before every path in it.
pub(crate) fn answer(_shared: &Shared, _site: &Site, _base: &str, _path: &str, _request: &Request) -> Reply {
    Reply::html(404, "<!doctype html><title>Not found</title>")
}

/// Answers a browser that came without a proxy: `/@HOST/...`, without a host github.com.
pub(crate) fn local(_shared: &Shared, _request: &Request) -> Reply {
    Reply::html(404, "<!doctype html><title>Not found</title>")
}
