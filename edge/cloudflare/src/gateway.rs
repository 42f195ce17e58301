//! The Worker: sends a request to the object that decides it, or decides over all objects.

use std::cell::OnceCell;
use std::rc::Rc;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tollgate_service::Problem;
use worker::{Env, Response, console_error};

use crate::objects::Objects;
use crate::setup::{EdgeService, misconfigured, setup};
use crate::{request, response};

/// A path of the API whose answer would be about this isolate alone, of which there are many.
const METRICS_PATH: &str = "/metrics";

thread_local! {
    static SERVICE: OnceCell<Rc<EdgeService<Objects>>> = const { OnceCell::new() };
}

/// Answers a request.
pub(crate) async fn answer(request: worker::Request, env: &Env) -> worker::Result<Response> {
    let service = match service(env) {
        Ok(service) => service,
        Err(problem) => return response::complete(problem.into_response()),
    };
    let request = request::read(request).await;
    if request.uri().path() == METRICS_PATH {
        return response::complete(Problem::not_found().into_response());
    }
    match decided_by_object(&service, env, &request).await {
        Some(response) => Ok(response),
        None => {
            let answer = service.handle(request.map(Full::new)).await;
            response::of_service(answer, service)
        }
    }
}

fn service(env: &Env) -> Result<Rc<EdgeService<Objects>>, Problem> {
    SERVICE.with(|cell| {
        if let Some(service) = cell.get() {
            return Ok(Rc::clone(service));
        }
        let objects = Objects::bound(env).map_err(|error| misconfigured(&error.to_string()))?;
        let service = setup(env)?.service(objects)?;
        Ok(Rc::clone(cell.get_or_init(|| Rc::new(service))))
    })
}

/// What the object of the one record says that decides the request. Where it can't be asked, the service
/// tries in its way, and answers what the policy says when it can't either. (What the object charged
/// without being heard is charged a second time then: too much rather than too little.)
async fn decided_by_object(
    service: &EdgeService<Objects>,
    env: &Env,
    request: &Request<Bytes>,
) -> Option<Response> {
    let (parts, body) = request.clone().into_parts();
    let record_key = service.record_of(&parts, &body)?;
    let asked = async {
        let object = Objects::bound(env)?.object(&record_key)?;
        object.fetch_with_request(request::to_object(request)?).await
    };
    let answer = asked.await;
    answer.map_err(|error| console_error!("tollgate: record {record_key:?}: {error}")).ok()
}
