//! The pages that may be opened or printed, and the only code that fills them in.
//!
//! Rules: an address is made here from a compiled-in template, a host that the caller has already
//! found among the user's hosts, and a few words of narrow alphabets. Text of a server may *choose* a
//! page and give digits or an `authorization_request`; it never gives an address. What comes out is
//! checked once more as a whole (`address`), because whatever opens it hands it to other programs.
//! A page knows no token.
//!
//! Outside facts: the paths and the parameters of the form for new tokens are GitHub's documentation
//! ("Managing your personal access tokens", "Authorizing a personal access token for use with single
//! sign-on") and reports of users; `/settings/tokens/N/request-org-access` is recognised should a
//! server ever name it, and not documented anywhere.

/// One page that may be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The form that makes a fine-grained token, which is also the request for access to an organisation.
    New(NewToken),
    /// The list of the user's fine-grained tokens.
    FineGrained,
    /// One fine-grained token's own page, by its number.
    FineGrainedToken(String),
    /// The list of the user's classic tokens.
    Classic,
    /// One classic token's own page, by its number.
    ClassicToken(String),
    /// The form that makes a classic token, with the scopes that git needs.
    ClassicNew {
        /// Whether the scope for workflow files is asked for too.
        workflow: bool,
    },
    /// The request for one token's access to an organisation, by the token's number.
    Request(String),
    /// The single sign-on of an organisation.
    Sso {
        /// The organisation.
        owner: String,
        /// What the server gave for this one refusal, if it did.
        authorization_request: Option<String>,
    },
    /// The single sign-on of an enterprise.
    EnterpriseSso {
        /// The enterprise's short name.
        enterprise: String,
        /// What the server gave for this one refusal, if it did.
        authorization_request: Option<String>,
    },
    /// The tokens that wait for an organisation's approval; its owners can open it.
    OrgRequests(String),
    /// An organisation's rules for tokens; its owners can open it.
    OrgPolicy(String),
    /// An organisation's rules for OAuth apps; its owners can open it.
    OrgApps(String),
    /// What workflows of a repository may do; its administrators can open it.
    Actions {
        /// The owner.
        owner: String,
        /// The repository.
        repository: String,
    },
    /// The applications that the user has let in.
    Applications,
    /// One token's request to an organisation, by the request's number; its owners can open it.
    OrgRequest {
        /// The organisation.
        owner: String,
        /// The request's number, which is not the token's.
        number: String,
    },
    /// The tokens that have access to an organisation; its owners can open it.
    OrgTokens(String),
    /// Where the code of a login is typed in.
    DeviceLogin,
    /// The form that installs a GitHub App, by the App's name in addresses.
    InstallApp(String),
    /// A GitHub App in an owner's repositories.
    Installation {
        /// The organisation; none: the user's own.
        org: Option<String>,
        /// The installation's number.
        number: String,
    },
    /// The form that takes the manifest of a new GitHub App. It wants a form to be sent there.
    NewApp {
        /// The organisation; none: the user's own.
        org: Option<String>,
        /// What comes back with the browser.
        state: String,
    },
    /// The GitHub Apps of an owner.
    Apps {
        /// The organisation; none: the user's own.
        org: Option<String>,
    },
    /// What the owner of a GitHub App can change.
    AppSettings {
        /// The organisation; none: the user's own.
        org: Option<String>,
        /// The App's name in addresses.
        slug: String,
    },
}

/// What the form for a new fine-grained token is to be filled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewToken {
    /// The resource owner: the user or organisation whose repositories the token opens.
    pub owner: String,
    /// The one repository it is for; `None` is for several.
    pub repository: Option<String>,
    /// The token's name, which GitHub wants to be unique among the user's tokens.
    pub name: String,
    /// What the token is for, in the user's list.
    pub description: String,
    /// After how many days it ends; `None` is a token that never does.
    pub days: Option<u16>,
    /// What it may do with the repositories' contents.
    pub contents: Access,
    /// Whether it may change workflow files.
    pub workflows: bool,
}

/// What a token may do with something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Fetch.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the form knows it; every token asked for so far may push")
    )]
    Read,
    /// Fetch and push.
    Write,
}

/// GitHub takes no longer token names than this.
const NAME_MAX: usize = 40;
/// GitHub takes no longer descriptions than this.
const DESCRIPTION_MAX: usize = 1024;
/// The longest life the form's parameter takes, in days.
const DAYS_MAX: u16 = 366;
/// No address that is longer is opened (rule B2).
const ADDRESS_MAX: usize = 2048;

impl NewToken {
    /// Gives what a token for fetching and pushing one owner's repositories needs, or one of them.
    pub(crate) fn of(owner: &str, repository: Option<&str>) -> Self {
        let what = match repository {
            Some(repository) => format!("git {owner}/{repository}"),
            None => format!("git {owner}"),
        };
        NewToken {
            owner: owner.to_owned(),
            repository: repository.map(str::to_owned),
            name: what.chars().take(NAME_MAX).collect(),
            description: "for git, kept by git-credential-patron".to_owned(),
            days: Some(90),
            contents: Access::Write,
            workflows: false,
        }
    }

    /// Gives the fields in the form's own words, to be printed: GitHub does not always fill them in.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("Token name", self.name.clone()),
            ("Description", self.description.clone()),
            ("Resource owner", self.owner.clone()),
            (
                "Expiration",
                match self.lifetime() {
                    Some(days) => format!("{days} days"),
                    None => "No expiration".to_owned(),
                },
            ),
            // No parameter selects repositories: this one is always left to the person.
            (
                "Repository access",
                match &self.repository {
                    Some(repository) => format!("Only select repositories: {repository}"),
                    None => format!("All repositories, or select those of {}", self.owner),
                },
            ),
            (
                "Permissions: Contents",
                match self.contents {
                    Access::Read => "Read-only",
                    Access::Write => "Read and write",
                }
                .to_owned(),
            ),
        ];
        if self.workflows {
            fields.push(("Permissions: Workflows", "Read and write".to_owned()));
        }
        fields
    }

    /// Gives the life that is asked for, within what the form takes.
    fn lifetime(&self) -> Option<u16> {
        self.days.map(|days| days.clamp(1, DAYS_MAX))
    }

    /// Gives the form's parameters.
    fn query(&self) -> String {
        let cut = |text: &str, max: usize| text.chars().take(max).collect::<String>();
        let mut query = format!(
            "name={}&description={}&target_name={}&expires_in={}&contents={}",
            encoded(&cut(&self.name, NAME_MAX)),
            encoded(&cut(&self.description, DESCRIPTION_MAX)),
            encoded(&self.owner),
            self.lifetime().map_or("none".to_owned(), |days| days.to_string()),
            match self.contents {
                Access::Read => "read",
                Access::Write => "write",
            },
        );
        if self.workflows {
            query.push_str("&workflows=write");
        }
        query
    }
}

impl Page {
    /// Reads a page as the tables write it: `fg`, `sso({owner})`, `fg/{fg}`.
    ///
    /// `hole` gives the value of a name in braces. Gives nothing if a value is missing or does not fit,
    /// so that a list of pages can be tried from the best to the plainest.
    pub(crate) fn from_words(words: &str, hole: &dyn Fn(&str) -> Option<String>) -> Option<Page> {
        let (name, values) = match words.find(['(', '/']) {
            None => (words, Vec::new()),
            Some(at) => (
                &words[..at],
                words[at + 1..]
                    .trim_end_matches(')')
                    .split(',')
                    .map(|value| {
                        let name = value.trim().strip_prefix('{')?.strip_suffix('}')?;
                        hole(name).filter(|_| !name.contains(['{', '}']))
                    })
                    .collect::<Option<Vec<_>>>()?,
            ),
        };
        let page = match (name, values.as_slice()) {
            ("new", [owner]) => Page::New(NewToken::of(owner, None)),
            ("fg", []) => Page::FineGrained,
            ("fg", [number]) => Page::FineGrainedToken(number.clone()),
            ("classic", []) => Page::Classic,
            ("classic", [number]) => Page::ClassicToken(number.clone()),
            ("classic-new", []) => Page::ClassicNew { workflow: false },
            ("classic-workflow", []) => Page::ClassicNew { workflow: true },
            ("request", [number]) => Page::Request(number.clone()),
            ("sso", [owner]) => Page::Sso { owner: owner.clone(), authorization_request: None },
            ("sso", [owner, request]) => {
                Page::Sso { owner: owner.clone(), authorization_request: Some(request.clone()) }
            }
            ("enterprise-sso", [enterprise]) => {
                Page::EnterpriseSso { enterprise: enterprise.clone(), authorization_request: None }
            }
            ("enterprise-sso", [enterprise, request]) => Page::EnterpriseSso {
                enterprise: enterprise.clone(),
                authorization_request: Some(request.clone()),
            },
            ("org-requests", [owner]) => Page::OrgRequests(owner.clone()),
            ("org-policy", [owner]) => Page::OrgPolicy(owner.clone()),
            ("org-apps", [owner]) => Page::OrgApps(owner.clone()),
            ("actions", [owner, repository]) => {
                Page::Actions { owner: owner.clone(), repository: repository.clone() }
            }
            ("applications", []) => Page::Applications,
            _ => return None,
        };
        page.path().is_some().then_some(page)
    }

    /// Gives the page's address at a host, or nothing if a part of it does not fit its alphabet.
    ///
    /// `host` is one that the user has named; it is looked at again all the same.
    pub(crate) fn url(&self, host: &str) -> Option<String> {
        // Gists have no settings of their own.
        let host = if host == "gist.github.com" { "github.com" } else { host };
        if !is_host(host) {
            return None;
        }
        let mut path = self.path()?;
        if matches!(self, Page::InstallApp(_)) && is_enterprise_server(host) {
            // There `/apps` may be an organisation's name.
            path = path.replacen("/apps/", "/github-apps/", 1);
        }
        address(format!("https://{host}{path}"))
    }

    /// Gives what follows the host.
    fn path(&self) -> Option<String> {
        let request = |given: &Option<String>| match given {
            None => Some(String::new()),
            Some(request) if is_authorization_request(request) => {
                Some(format!("?authorization_request={request}"))
            }
            Some(_) => None,
        };
        Some(match self {
            Page::New(form) if is_owner(&form.owner) => {
                format!("/settings/personal-access-tokens/new?{}", form.query())
            }
            Page::FineGrained => "/settings/personal-access-tokens".to_owned(),
            Page::FineGrainedToken(number) if is_number(number) => {
                format!("/settings/personal-access-tokens/{number}")
            }
            Page::Classic => "/settings/tokens".to_owned(),
            Page::ClassicToken(number) if is_number(number) => format!("/settings/tokens/{number}"),
            Page::ClassicNew { workflow: false } => "/settings/tokens/new?scopes=repo".to_owned(),
            Page::ClassicNew { workflow: true } => "/settings/tokens/new?scopes=repo,workflow".to_owned(),
            Page::Request(number) if is_number(number) => {
                format!("/settings/tokens/{number}/request-org-access")
            }
            Page::Sso { owner, authorization_request } if is_owner(owner) => {
                format!("/orgs/{owner}/sso{}", request(authorization_request)?)
            }
            Page::EnterpriseSso { enterprise, authorization_request } if is_owner(enterprise) => {
                let request = request(authorization_request)?;
                format!("/enterprises/{enterprise}/sso{request}")
            }
            Page::OrgRequests(owner) if is_owner(owner) => {
                format!("/organizations/{owner}/settings/personal-access-token-requests")
            }
            Page::OrgPolicy(owner) if is_owner(owner) => {
                format!("/organizations/{owner}/settings/personal-access-tokens")
            }
            Page::OrgApps(owner) if is_owner(owner) => {
                format!("/organizations/{owner}/settings/oauth_application_policy")
            }
            Page::Actions { owner, repository } if is_owner(owner) && is_repository(repository) => {
                format!("/{owner}/{repository}/settings/actions")
            }
            Page::Applications => "/settings/applications".to_owned(),
            Page::OrgRequest { owner, number } if is_owner(owner) && is_number(number) => {
                format!("/organizations/{owner}/settings/personal-access-token-requests/{number}")
            }
            Page::OrgTokens(owner) if is_owner(owner) => {
                format!("/organizations/{owner}/settings/personal-access-tokens/active")
            }
            Page::DeviceLogin => "/login/device".to_owned(),
            Page::InstallApp(slug) if is_slug(slug) => format!("/apps/{slug}/installations/new"),
            Page::Installation { org: Some(owner), number } if is_owner(owner) && is_number(number) => {
                format!("/organizations/{owner}/settings/installations/{number}")
            }
            Page::Installation { org: None, number } if is_number(number) => {
                format!("/settings/installations/{number}")
            }
            Page::NewApp { org, state } if is_slug(state) => {
                format!("{}/new?state={state}", apps_folder(org.as_deref())?)
            }
            Page::Apps { org } => apps_folder(org.as_deref())?,
            Page::AppSettings { org, slug } if is_slug(slug) => {
                format!("{}/{slug}", apps_folder(org.as_deref())?)
            }
            _ => return None,
        })
    }
}

/// Gives the folder of an owner's GitHub Apps.
fn apps_folder(org: Option<&str>) -> Option<String> {
    match org {
        Some(org) if is_owner(org) => Some(format!("/organizations/{org}/settings/apps")),
        Some(_) => None,
        None => Some("/settings/apps".to_owned()),
    }
}

/// Tells whether a GitHub host is an Enterprise Server.
fn is_enterprise_server(host: &str) -> bool {
    host != "github.com" && !host.ends_with(".ghe.com")
}

/// Says whether this may be an owner: `[A-Za-z0-9][A-Za-z0-9_-]{0,38}`.
pub(crate) fn is_owner(text: &str) -> bool {
    (1..=39).contains(&text.len())
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Says whether this may be a repository: `[A-Za-z0-9._-]{1,100}`.
fn is_repository(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        && !matches!(text, "." | "..")
}

/// Says whether this may be a GitHub App's name in addresses.
fn is_slug(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Says whether this may be a token's number.
fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Says whether this may be what a server gives for one single sign-on.
fn is_authorization_request(text: &str) -> bool {
    (1..=512).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Says whether this is a host name in lower-case ASCII, with a port or without.
pub(crate) fn is_host(text: &str) -> bool {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    text.len() <= 255
        && name.split('.').all(label)
        && port.is_none_or(|port| port.len() <= 5 && port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Lets an address out only if it is one, whatever was put into it (rule B2).
fn address(text: String) -> Option<String> {
    let fits = text.starts_with("https://")
        && text.len() <= ADDRESS_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\'))
        && !text.contains("%00");
    fits.then_some(text)
}

/// Writes a text as the value of a query parameter.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(byte.into()),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Fills every hole with the same value.
    fn with(value: &str) -> impl Fn(&str) -> Option<String> {
        let value = value.to_owned();
        move |_| Some(value.clone())
    }

    fn url(words: &str, value: &str, host: &str) -> Option<String> {
        Page::from_words(words, &with(value))?.url(host)
    }

    #[test]
    fn every_page_of_the_table_has_its_address_on_each_kind_of_host() {
        let pages = [
            ("fg", "/settings/personal-access-tokens"),
            ("fg/{n}", "/settings/personal-access-tokens/42"),
            ("classic", "/settings/tokens"),
            ("classic/{n}", "/settings/tokens/42"),
            ("classic-new", "/settings/tokens/new?scopes=repo"),
            ("classic-workflow", "/settings/tokens/new?scopes=repo,workflow"),
            ("request/{n}", "/settings/tokens/42/request-org-access"),
            ("sso({owner})", "/orgs/42/sso"),
            ("sso({owner}, {request})", "/orgs/42/sso?authorization_request=42"),
            ("enterprise-sso({e})", "/enterprises/42/sso"),
            ("enterprise-sso({e}, {request})", "/enterprises/42/sso?authorization_request=42"),
            ("org-requests({owner})", "/organizations/42/settings/personal-access-token-requests"),
            ("org-policy({owner})", "/organizations/42/settings/personal-access-tokens"),
            ("org-apps({owner})", "/organizations/42/settings/oauth_application_policy"),
            ("applications", "/settings/applications"),
        ];
        for (words, path) in pages {
            for host in ["github.com", "corp.ghe.com", "ghe.example.com:8443"] {
                assert_eq!(url(words, "42", host).as_deref(), Some(&*format!("https://{host}{path}")));
            }
            assert_eq!(
                url(words, "42", "gist.github.com").as_deref(),
                Some(&*format!("https://github.com{path}")),
                "gists have no settings"
            );
        }
    }

    #[test]
    fn the_pages_of_apps_have_their_addresses_on_each_kind_of_host() {
        let app = || "deploy".to_owned();
        for (host, folder) in
            [("github.com", "apps"), ("corp.ghe.com", "apps"), ("ghe.example.com:8443", "github-apps")]
        {
            let install = Page::InstallApp(app()).url(host);
            assert_eq!(install, Some(format!("https://{host}/{folder}/deploy/installations/new")));
            for (org, settings) in
                [(None, "settings/apps"), (Some("acme".to_owned()), "organizations/acme/settings/apps")]
            {
                let new = Page::NewApp { org: org.clone(), state: "a1".to_owned() }.url(host);
                assert_eq!(new, Some(format!("https://{host}/{settings}/new?state=a1")));
                let own = Page::AppSettings { org: org.clone(), slug: app() }.url(host);
                assert_eq!(own, Some(format!("https://{host}/{settings}/deploy")));
                assert_eq!(Page::Apps { org }.url(host), Some(format!("https://{host}/{settings}")));
            }
        }
        assert_eq!(Page::NewApp { org: None, state: "a&b".to_owned() }.url("github.com"), None);
        assert_eq!(Page::Apps { org: Some("a/b".to_owned()) }.url("github.com"), None);
        assert_eq!(Page::AppSettings { org: None, slug: "../x".to_owned() }.url("github.com"), None);
    }

    #[test]
    fn the_form_for_a_new_token_is_filled_and_said_in_words() {
        let mut form = NewToken::of("acme", None);
        form.workflows = true;
        assert_eq!(
            Page::New(form.clone()).url("github.com").as_deref(),
            Some(
                "https://github.com/settings/personal-access-tokens/new?name=git+acme\
                 &description=for+git%2C+kept+by+git-credential-patron&target_name=acme\
                 &expires_in=90&contents=write&workflows=write"
            )
        );
        let said: Vec<_> =
            form.fields().into_iter().map(|(label, value)| format!("{label}: {value}")).collect();
        assert_eq!(
            said,
            [
                "Token name: git acme",
                "Description: for git, kept by git-credential-patron",
                "Resource owner: acme",
                "Expiration: 90 days",
                "Repository access: All repositories, or select those of acme",
                "Permissions: Contents: Read and write",
                "Permissions: Workflows: Read and write",
            ]
        );
    }

    #[test]
    fn a_form_stays_within_what_github_takes() {
        let mut form = NewToken::of(&"a".repeat(39), None);
        form.description = "é".repeat(5000);
        form.days = Some(5000);
        form.contents = Access::Read;
        // The description alone would make the address too long to open.
        assert_eq!(Page::New(form.clone()).url("github.com"), None);
        form.description = "a & b=c?#%00\n\"".to_owned();
        let url = Page::New(form.clone()).url("github.com");
        assert_eq!(
            url.as_deref(),
            Some(&*format!(
                "https://github.com/settings/personal-access-tokens/new?name=git+{}\
                 &description=a+%26+b%3Dc%3F%23%2500%0A%22&target_name={}&expires_in=366&contents=read",
                "a".repeat(36),
                "a".repeat(39)
            ))
        );
        form.days = None;
        assert!(Page::New(form).url("github.com").is_some_and(|url| url.contains("&expires_in=none&")));
    }

    #[test]
    fn what_does_not_fit_its_alphabet_gives_no_page() {
        for bad in [
            "",
            "-acme",
            "a b",
            "acme/../evil",
            "acme%2F",
            "acme?x=1",
            "acme#",
            "ac\nme",
            "ácme",
            "'acme'",
            &"a".repeat(40),
        ] {
            for words in ["sso({o})", "new({o})", "org-requests({o})", "org-policy({o})"] {
                assert_eq!(url(words, bad, "github.com"), None, "{words} {bad:?}");
            }
        }
        for bad in ["", "4a", "-4", "4/../5", "４２", &"4".repeat(21)] {
            for words in ["fg/{n}", "classic/{n}", "request/{n}"] {
                assert_eq!(url(words, bad, "github.com"), None, "{words} {bad:?}");
            }
        }
        let request = |request: &str| {
            Page::Sso { owner: "acme".to_owned(), authorization_request: Some(request.to_owned()) }
                .url("github.com")
        };
        assert!(request(&"A".repeat(512)).is_some());
        for bad in ["", "a&b=c", "a b", "a%00", &"A".repeat(513)] {
            assert_eq!(request(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_host_that_is_none_gives_no_address() {
        for bad in [
            "",
            ".",
            "github.com.",
            "GitHub.com",
            "github.com/evil",
            "user@github.com",
            "github.com:",
            "github.com:0",
            "github.com:99999",
            "git hub.com",
            "github.com#x",
            "-x.com",
            "githüb.com",
        ] {
            assert_eq!(Page::Classic.url(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn words_that_name_no_page_give_none() {
        for words in ["", "nothing", "fg/n", "fg/{n}/{m}", "sso", "sso()", "sso({a},{b},{c})"] {
            assert_eq!(Page::from_words(words, &with("42")), None, "{words:?}");
        }
        assert_eq!(Page::from_words("fg/{n}", &|_| None), None);
    }

    proptest! {
        #[test]
        fn whatever_fills_a_page_the_address_stays_on_its_host(
            words in prop::sample::select(vec![
                "new({a})", "fg/{a}", "classic/{a}", "request/{a}", "sso({a})", "sso({a}, {a})",
                "enterprise-sso({a})", "org-requests({a})", "org-policy({a})", "org-apps({a})",
            ]),
            value in "\\PC{0,60}|[a-z0-9_-]{1,40}",
            host in "\\PC{0,40}|github\\.com",
        ) {
            if let Some(url) = url(words, &value, &host) {
                prop_assert!(is_host(&host));
                let rest = url.strip_prefix("https://").and_then(|rest| rest.strip_prefix(&host));
                prop_assert!(rest.is_some_and(|rest| rest.starts_with('/')), "{}", url);
                prop_assert!(url.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(!url.contains("..") && !url.contains('@') && !url.contains('\\'));
                prop_assert!(url.len() <= ADDRESS_MAX);
            }
        }
    }
}
