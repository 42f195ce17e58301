//! The Worker: sends a request to the object that decides it, or decides over all objects.

use std::cell::OnceCell;
use std::rc::Rc;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tollgate_service::{Problem, is_repeatable};
use worker::{Env, Response, console_error};

use crate::objects::Objects;
use crate::setup::{EdgeService, misconfigured, setup};
use crate::unheard::{HeardObjects, Unheard};
use crate::{request, response};

/// A path of the API whose answer would be about this isolate alone, of which there are many.
const METRICS_PATH: &str = "/metrics";

/// What an isolate decides with.
struct Gateway {
    service: Rc<EdgeService<HeardObjects>>,
    unheard: Unheard,
}

thread_local! {
    static GATEWAY: OnceCell<Rc<Gateway>> = const { OnceCell::new() };
}

/// Answers a request.
pub(crate) async fn answer(request: worker::Request, env: &Env) -> worker::Result<Response> {
    let gateway = match gateway(env) {
        Ok(gateway) => gateway,
        Err(problem) => return response::complete(problem.into_response()),
    };
    let (parts, body) = request::read(request).await.into_parts();
    if parts.uri.path() == METRICS_PATH {
        return response::complete(Problem::not_found().into_response());
    }
    let record_key = gateway.service.record_of(&parts, &body);
    let request = Request::from_parts(parts, body);
    match record_key {
        None => gateway.decide(request).await,
        Some(record_key) => match ask_object(env, &record_key, &request).await {
            Ok(response) => Ok(response),
            Err(error) => {
                console_error!("tollgate: record {record_key:?}: {error}");
                gateway.decide_unheard(record_key, request).await
            }
        },
    }
}

fn gateway(env: &Env) -> Result<Rc<Gateway>, Problem> {
    GATEWAY.with(|cell| {
        if let Some(gateway) = cell.get() {
            return Ok(Rc::clone(gateway));
        }
        let objects = Objects::bound(env).map_err(|error| misconfigured(&error.to_string()))?;
        let unheard = Unheard::default();
        let service = setup(env)?.service(HeardObjects::new(objects, unheard.clone()))?;
        let gateway = Gateway { service: Rc::new(service), unheard };
        Ok(Rc::clone(cell.get_or_init(|| Rc::new(gateway))))
    })
}

/// What the object of the one record says that decides the request.
async fn ask_object(
    env: &Env,
    record_key: &str,
    request: &Request<Bytes>,
) -> worker::Result<Response> {
    let object = Objects::bound(env)?.object(record_key)?;
    object.fetch_with_request(request::to_object(request)?).await
}

impl Gateway {
    /// Decides over all objects.
    async fn decide(&self, request: Request<Bytes>) -> worker::Result<Response> {
        let answer = self.service.handle(request.map(Full::new)).await;
        response::of_service(answer, Rc::clone(&self.service))
    }

    /// Decides what the object of the record may have decided without being heard. It is asked again, in
    /// the other way, where that can't charge twice; otherwise it is a store that failed, and the policy
    /// says what that means.
    async fn decide_unheard(
        &self,
        record_key: String,
        request: Request<Bytes>,
    ) -> worker::Result<Response> {
        let is_repeatable = is_repeatable(request.method(), request.body());
        let _left_alone = (!is_repeatable).then(|| self.unheard.leave_alone(record_key));
        self.decide(request).await
    }
}
