//! Work that makes a record under an id of its caller's, and makes it once.

use crate::error::{Code, Error, Result};

/// The record that is there, or the one that is made.
///
/// The same request may be at work beside this one: the first one outlasted the patience of whoever sent it. Then what is
/// in the way may be its own doing, such as the last piece, which is kept for the very order that cannot have it. So it is
/// looked once more before anybody is refused: whoever finds the record has the answer.
///
/// # Errors
/// Those of both.
pub(crate) async fn made_once<T, F: Future<Output = Result<Option<T>>>>(
    find: impl Fn() -> F,
    make: impl Future<Output = Result<T>>,
) -> Result<T> {
    if let Some(known) = find().await? {
        return Ok(known);
    }
    match make.await {
        Ok(made) => Ok(made),
        Err(refusal) => find().await?.ok_or(refusal),
    }
}

/// What whoever names an id hears when it stands for somebody else's record, or for one of another kind.
pub(crate) fn id_taken() -> Error {
    Error::new(Code::TransferConflict, "This id was used for something else.")
}
