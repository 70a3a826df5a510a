//! `token`: prints the secret that would be chosen.

use crate::cli::TokenOptions as Options;
use crate::error::Failure;
use crate::session::Session;
use crate::stdio;
use crate::target;
use zeroize::Zeroizing;

/// Prints the secret for one target, and nothing else.
pub(crate) fn run(session: &Session, options: &Options) -> Result<(), Failure> {
    let target = target::one(options.what.as_deref())?;
    let (_, token) = super::chosen(session, &target.remote, target.user.as_deref())?;
    let mut line = Zeroizing::new(Vec::with_capacity(token.expose().len() + 1));
    line.extend_from_slice(token.expose());
    line.push(b'\n');
    stdio::write_answer(&line).map_err(|error| Failure::failed("cannot write the token").because(error))
}
