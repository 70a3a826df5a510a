//! Forms as a browser sees and sends them, without a browser: enough of HTML for the forge's own pages.
//!
//! The button is looked for by what stands on it and the fields are sent as they are filled in, so a page
//! whose form is broken cannot be used here either.

/// A page's form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Where it is sent.
    pub(crate) action: String,
    /// The fields as they are filled in.
    pub(crate) fields: Vec<(String, String)>,
    /// What stands on its buttons.
    pub(crate) buttons: Vec<String>,
}

/// Reads the forms of a page.
pub(crate) fn forms(page: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut form: Option<Form> = None;
    let mut select: Option<(String, Option<String>)> = None;
    for piece in page.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let (name, rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        let attributes = attributes(rest);
        let value_of =
            |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let field = value_of("name").unwrap_or_default();
        match name {
            "form" => {
                let action = value_of("action").unwrap_or_default();
                form = Some(Form { action, ..Form::default() });
            }
            "/form" => forms.extend(form.take()),
            "select" => select = Some((field, None)),
            "option" => {
                if let Some((_, chosen)) = &mut select
                    && (chosen.is_none() || value_of("selected").is_some())
                {
                    *chosen = Some(value_of("value").unwrap_or_default());
                }
            }
            _ => {
                let Some(form) = &mut form else { continue };
                let kind = value_of("type").unwrap_or_default();
                let is_ticked =
                    !matches!(kind.as_str(), "checkbox" | "radio") || value_of("checked").is_some();
                match name {
                    "input" if is_ticked => form.fields.push((field, value_of("value").unwrap_or_default())),
                    "textarea" => form.fields.push((field, plain(text))),
                    "/select" => {
                        let chosen = select.take().map(|(name, value)| (name, value.unwrap_or_default()));
                        form.fields.extend(chosen);
                    }
                    "button" => form.buttons.push(plain(text)),
                    _ => {}
                }
            }
        }
    }
    forms
}

/// Reads what a page shows in the element with this id, if that is nothing but text.
pub(crate) fn text_of(page: &str, id: &str) -> Option<String> {
    let (_, after) = page.split_once(&format!("id=\"{id}\""))?;
    let (_, text) = after.split_once('>')?;
    Some(plain(text.split_once('<')?.0))
}

/// `name="value"` and bare names.
fn attributes(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\n', '\t', '/']);
        let end = rest.find(['=', ' ', '\n', '\t']).unwrap_or(rest.len());
        if end == 0 {
            return found;
        }
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        let value = rest.strip_prefix("=\"").and_then(|quoted| quoted.split_once('"'));
        found.push((name, value.map_or_else(String::new, |(value, _)| plain(value))));
        rest = value.map_or(rest.trim_start_matches('='), |(_, after)| after);
    }
}

fn plain(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (escape, letter)| text.replace(escape, letter))
}
