//! The pages that the browser shows: what will be made, and how it ended. No script, nothing from elsewhere.

use crate::app::manifest::{AppReach, MadeApp, ManifestForm, PlannedApp};
use crate::remote::Owner;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:42em;margin:3em auto;padding:0 1em;\
    color:#222;background:#fff}h1{font-size:1.5em}h2{font-size:1.1em;margin:1.5em 0 .3em}\
    button{font:inherit;padding:.4em 1em;cursor:pointer}code{background:#8882;padding:.1em .3em}\
    @media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}a{color:#8bf}}";

/// What will be made, with a button for each way to make it.
pub(super) fn start(plan: &PlannedApp<'_>) -> String {
    let (owner, host) = (escape(plan.owner.as_str()), escape(plan.host.as_str()));
    let forms: String = plan.forms().iter().map(form).collect();
    page(
        &format!("A GitHub App for {owner}"),
        &format!(
            "<p><code>git credential-patron</code> is about to make a GitHub App on <b>{host}</b>. With it git gets \
             a token of its own for each repository, for an hour, and nobody has to approve tokens.</p>\n\
             <ul><li>It is called <b>{}</b>; you can change that on the next page.</li>\n\
             <li>It is private: only its owner can install it.</li>\n\
             <li>It has no webhook, and nobody but you gets its key: that goes to your vault on this machine.</li>\
             </ul>\n{forms}\
             <p>{host} shows its own page next. Nothing is made before you press <b>Create GitHub App</b> there. You \
             have a minute for each step; this page is good once.</p>",
            escape(&plan.name)
        ),
    )
}

fn form(form: &ManifestForm) -> String {
    let owner = match &form.org {
        Some(org) => format!("for the organisation {}", escape(org)),
        None => "for your own account".to_owned(),
    };
    let what = match form.reach {
        AppReach::Git => "to fetch and push",
        AppReach::GitAndDecisions => "to fetch and push, and to decide about access tokens",
    };
    let permissions: String =
        form.reach.permissions().iter().map(|(_, _, shown)| format!("<li>{}</li>", escape(shown))).collect();
    format!(
        "<h2>{what}, {owner}</h2>\n<ul>{permissions}</ul>\n\
         <form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"manifest\" value=\"{}\">\
         <button>Continue {owner}{}</button></form>\n",
        escape(&form.action),
        escape(&form.manifest),
        if form.reach == AppReach::GitAndDecisions { ", and decide about tokens" } else { "" }
    )
}

/// It was made, and its key is kept.
pub(super) fn kept(owner: &Owner, made: &MadeApp, install: Option<&str>) -> String {
    let owner = escape(owner.as_str());
    let install = install.map_or_else(String::new, |page| {
        format!("<p>One step is left: <a href=\"{}\">install it for {owner}</a>.</p>", escape(page))
    });
    page(
        "The App is made",
        &format!(
            "<p><b>{}</b> is there, and its key is kept on this machine.</p>\n{install}",
            escape(&made.slug)
        ),
    )
}

/// Something went wrong.
pub(super) fn failed(owner: &Owner) -> String {
    page(
        "The App cannot be used",
        &format!(
            "<p>The terminal says why, and what to do about the App for {}.</p>",
            escape(owner.as_str())
        ),
    )
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body><h1>{title}</h1>\n{body}\n</body></html>\n"
    )
}

/// Text made safe between tags and within quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_elsewhere_is_text_on_the_page() {
        assert_eq!(escape("<b>\"'&"), "&lt;b&gt;&quot;&#39;&amp;");
        let form = ManifestForm {
            org: None,
            reach: AppReach::Git,
            action: "https://github.com/x?a=1&b=2".to_owned(),
            manifest: "{\"name\":\"<script>\"}".to_owned(),
        };
        let shown = super::form(&form);
        assert!(shown.contains("value=\"{&quot;name&quot;:&quot;&lt;script&gt;&quot;}\""), "{shown}");
        assert!(shown.contains("a=1&amp;b=2") && !shown.contains("<script"));
    }
}
