//! Stand-in for the token module, only so that this branch builds; the real one replaces it.

/// Names the kinds of token that GitHub gives out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A fine-grained personal access token.
    FineGrained,
    /// A classic personal access token.
    Classic,
    /// A token of an OAuth app.
    OAuth,
    /// A user token of a GitHub App.
    AppUser,
    /// An installation token of a GitHub App.
    Installation,
    /// Anything else.
    Unknown,
}
