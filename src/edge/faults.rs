//! This module applies faults to the faked API: it says what a call is in the terms of rules, and lets rules change its
//! answer. Invariant: a fault never changes who may do what; rights are checked first.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::HttpResponseBuilder;
use actix_web::body::SizedStream;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use crate::base::clock::real_sleep;
use crate::base::error::ApiError;
use crate::call::Reply;
use crate::call::subject::Subject;
use crate::edge::departure::{hung_up, reset};
use crate::engine::Engine;
use crate::fault::Effect;
use crate::nouns::fault as faults;
use crate::nouns::fault::Met;
use crate::upstream::raw_server::{Cut, ScriptedAnswer};

/// Holds a call against the workspace's rules.
pub(super) async fn meet(engine: &Arc<Engine>, subject: Option<&Subject>) -> Result<Met, ApiError> {
    let Some(subject) = subject else { return Ok(Met::default()) };
    faults::meet(engine, &subject.space, &subject.facts, subject.connection.as_ref()).await
}

/// Returns the answer of a call that a rule ends: the rule's own answer, or the handler's with an error on the wire.
pub(crate) async fn ended(met: Met, handled: impl Future<Output = Result<Reply, ApiError>>) -> Result<Reply, ApiError> {
    let Some(fired) = met.ending else { return handled.await };
    if let Effect::Error(error) = &fired.effect {
        // The error becomes a page where a person looks at it, as any error of the engine does.
        return Err(error.error(&fired.rule));
    }
    match faults::answer_of(&fired) {
        Some(play) => Ok(reply_of(play)),
        None => {
            // The handler has done its work; only its answer goes wrong.
            let mut reply = handled.await.unwrap_or_else(|error| Reply::error(&error));
            reply.cut = faults::cut_of(&fired.effect);
            Ok(reply)
        }
    }
}

fn reply_of(play: ScriptedAnswer) -> Reply {
    let content_type = play.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut reply = Reply::of(play.status, content_type.map(|text| text.to_owned().into()), play.body);
    reply.headers = play.headers;
    reply.headers.remove(http::header::CONTENT_TYPE);
    reply.cut = play.cut;
    reply
}

/// The error with which a body breaks off.
#[derive(Debug, thiserror::Error)]
#[error("a fault cut the answer")]
struct CutOff;

type Body = BoxStream<'static, Result<Bytes, CutOff>>;

/// Makes an HTTP response that goes wrong on the wire.
pub(crate) fn cut(mut builder: HttpResponseBuilder, body: &Bytes, cut: Cut, request: &HttpRequest) -> HttpResponse {
    builder.force_close();
    let length = u64::try_from(body.len().max(1)).unwrap_or(u64::MAX);
    let pieces: Body = match cut {
        Cut::Reset | Cut::Close => {
            if cut == Cut::Reset {
                reset(request);
            }
            stream::iter([Err(CutOff)]).boxed()
        }
        Cut::Truncate => {
            let half = body.slice(..body.len() / 2);
            // The half is sent before the connection ends, so there is a pause between.
            let end = stream::once(async {
                real_sleep(Duration::from_millis(20)).await;
                Err(CutOff)
            });
            stream::iter([Ok(half)]).chain(end).boxed()
        }
        Cut::Stall => {
            let left = hung_up(request);
            stream::once(async {
                left.await;
                Err(CutOff)
            })
            .boxed()
        }
        // An empty body has no pieces to send slowly.
        Cut::Dribble { .. } if body.is_empty() => return builder.finish(),
        Cut::Dribble { bytes, every } => {
            let pieces: Vec<Bytes> = body.chunks(bytes.max(1)).map(Bytes::copy_from_slice).collect();
            stream::iter(pieces)
                .then(move |piece| async move {
                    real_sleep(every).await;
                    Ok(piece)
                })
                .boxed()
        }
    };
    builder.body(SizedStream::new(length, pieces))
}
