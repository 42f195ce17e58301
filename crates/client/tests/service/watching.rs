//! What happens is told as it happens, over streams that break.

use std::time::{Duration, Instant};

use tollgate_client::blocking::{self, Client};
use tollgate_client::{
    AdaptiveLimit, CapacityNews, ClientError, EventReport, News, Watch, WatchRequest,
};

use super::support::Service;
use super::{MINUTE, config};

fn start() -> (Service, Client) {
    let service = Service::start();
    let client = Client::new(config(&service));
    (service, client)
}

fn reduce(client: &Client, key: &str) {
    let limit = AdaptiveLimit::new("upstream", key).because("agent-3", "429");
    client.reduce_capacity(&limit, None).unwrap();
}

fn reduced(news: Option<Result<News, ClientError>>) -> CapacityNews {
    let Some(Ok(News::Reduced(news))) = news else { panic!("{news:?}") };
    news
}

/// A watcher that has been told something, so that its stream is open.
fn present(client: &Client) -> blocking::Watch {
    reduce(client, "first");
    let mut watch = client.watch(&WatchRequest::default().after("0"));
    assert_eq!(reduced(watch.next()).key, "first");
    watch
}

/// A thread is told what others do, soon after they did it.
#[test]
fn a_thread_is_told_what_others_do() {
    let (_service, client) = start();
    let mut watch = present(&client);
    reduce(&client, "k");
    let before = Instant::now();
    let news = reduced(watch.next());
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    assert_eq!((&*news.key, news.capacity, news.original), ("k", 50, 100));
    assert_eq!((news.source.as_deref(), news.reason.as_deref()), (Some("agent-3"), Some("429")));
    client.report_event(&EventReport::new("openai", "429", MINUTE).about("gpt")).unwrap();
    let Some(Ok(News::Event(news))) = watch.next() else { panic!("it was reported") };
    assert_eq!((&*news.upstream, news.label.as_deref()), ("openai", Some("gpt")));
    client.set_capacity(&AdaptiveLimit::new("upstream", "k"), 7, Some(MINUTE)).unwrap();
    let Some(Ok(News::Capacity(news))) = watch.next() else { panic!("it was set") };
    assert_eq!((news.capacity, news.per), (7, MINUTE));
}

/// Streams break before and in the middle of what they tell; all of it is told, once and in its order.
#[test]
fn a_stream_that_breaks_is_gone_on_with() {
    let (service, client) = start();
    let mut watch = present(&client);
    for key in ["a", "b"] {
        service.break_streams(1);
        reduce(&client, key);
        assert_eq!(reduced(watch.next()).key, key);
    }
    let asked = service.asked();
    service.break_streams(1);
    for key in ["c", "d", "e"] {
        reduce(&client, key);
    }
    // Of the request by which it comes back.
    service.cut(1);
    assert_eq!(["c", "d", "e"].map(|key| reduced(watch.next()).key == key), [true; 3]);
    assert!(service.asked() > asked + 3, "it came back, and more than once");
}

/// A later watcher goes on where an earlier one was, and hears what it asks for alone.
#[test]
fn a_later_watcher_goes_on() {
    let (_service, client) = start();
    let watch = present(&client);
    let id = watch.last_id().unwrap().to_owned();
    drop(watch);
    reduce(&client, "a");
    reduce(&client, "b");
    let request = WatchRequest::default().after(&id);
    assert_eq!(reduced(client.watch(&request).next()).key, "a");
    assert_eq!(reduced(client.watch(&request.clone().of_key("b")).next()).key, "b");
    let long_ago = client.watch(&WatchRequest::default().after("999")).next();
    assert_eq!(long_ago, Some(Ok(News::Missed { events: None })));
}

/// What is wrong is told once.
#[test]
fn what_can_not_be_watched_is_told() {
    let (_service, client) = start();
    let mut watch = client.watch(&WatchRequest::default().of_policy("nothing"));
    let Some(Err(ClientError::Refused { field, .. })) = watch.next() else { panic!("it is none") };
    assert_eq!((field.as_deref(), watch.next()), (Some("policy"), None));
}

/// Tasks are told as threads are, also when they stop waiting again and again.
#[tokio::test]
async fn a_task_may_stop_waiting_at_any_time() {
    let service = Service::start();
    let client = tollgate_client::Client::new(config(&service)).unwrap();
    let mut watch = client.watch(&WatchRequest::default().after("0"));
    let limit = |key: &str| AdaptiveLimit::new("upstream", key);
    for key in ["a", "b", "c"] {
        client.reduce_capacity(&limit(key), None).await.unwrap();
        service.break_streams(usize::from(key == "c"));
        assert_eq!(reduced(impatient(&mut watch).await).key, key);
    }
    drop(service);
    let error = loop {
        if let Err(error) = impatient(&mut watch).await.unwrap() {
            break error;
        }
    };
    assert!(matches!(error, ClientError::Unavailable { is_unclear: false, .. }), "{error}");
}

/// The next news, asked for fifty times a second.
async fn impatient(watch: &mut Watch) -> Option<Result<News, ClientError>> {
    loop {
        let next = tokio::time::timeout(Duration::from_millis(20), watch.next()).await;
        if let Ok(news) = next {
            return news;
        }
    }
}
