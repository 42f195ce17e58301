//! The network between a client and a server, which can be cut.

use std::io;
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::watch::{self, Receiver, Sender};

/// Most bytes that pass at once.
const CHUNK_BYTES: usize = 16 << 10;

/// What a network does with what is sent over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// It arrives.
    Whole,
    /// Connections break, and a new one breaks at once.
    Cut,
    /// Connections are accepted, and nothing arrives in either direction before it is whole again.
    Silent,
    /// The server gets what is sent to it. Its answers are lost, and their connections break once it is
    /// whole again.
    WithoutAnswers,
    /// It arrives so much later, in either direction.
    Slow(Duration),
}

/// A port that leads to a server's own, over a [`Network`]. It is gone when this is dropped.
pub struct Proxy {
    port: u16,
    way: Sender<Way>,
}

/// Where connections lead, and over what.
#[derive(Clone, Copy)]
struct Way {
    network: Network,
    server: u16,
}

/// Who gets what is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Towards {
    Server,
    Client,
}

impl Proxy {
    /// Leads to this port of 127.0.0.1, over a network that is whole.
    #[must_use]
    pub fn start(server: u16) -> Self {
        let (way, watched) = watch::channel(Way { network: Network::Whole, server });
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        thread::spawn(move || runtime.block_on(serve(listener, watched)));
        Self { port, way }
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes what happens to everything that is sent from now on.
    pub fn set(&self, network: Network) {
        self.way.send_modify(|way| way.network = network);
    }

    /// Leads new connections to another server, as an address does that moves.
    pub fn lead_to(&self, server: u16) {
        self.way.send_modify(|way| way.server = server);
    }
}

/// Accepts connections until the proxy is dropped; then they end with the runtime.
async fn serve(listener: std::net::TcpListener, watched: Receiver<Way>) {
    let listener = TcpListener::from_std(listener).unwrap();
    let mut dropped = watched.clone();
    let accept = async {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(carry(client, watched.clone()));
        }
    };
    tokio::select! {
        () = accept => {}
        _ = dropped.wait_for(|_| false) => {}
    }
}

/// Carries one connection until either end, or the network, ends it.
async fn carry(client: TcpStream, mut watched: Receiver<Way>) -> io::Result<()> {
    let server = {
        let connects = |way: &Way| way.network != Network::Silent;
        let Ok(way) = watched.wait_for(connects).await.map(|way| *way) else { return Ok(()) };
        if way.network == Network::Cut {
            return Ok(());
        }
        TcpStream::connect((Ipv4Addr::LOCALHOST, way.server)).await?
    };
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        end = pass(from_client, to_server, Towards::Server, watched.clone()) => end,
        end = pass(from_server, to_client, Towards::Client, watched.clone()) => end,
        _ = watched.wait_for(|way| way.network == Network::Cut) => Ok(()),
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    towards: Towards,
    mut watched: Receiver<Way>,
) -> io::Result<()> {
    let mut bytes = vec![0; CHUNK_BYTES];
    loop {
        let count = from.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        let network = watched.borrow().network;
        match network {
            Network::Slow(delay) => tokio::time::sleep(delay).await,
            Network::Silent => wait_while(network, &mut watched).await,
            Network::WithoutAnswers if towards == Towards::Client => {
                // Who is not told the first answer must not take the next one for it.
                wait_while(network, &mut watched).await;
                return Ok(());
            }
            Network::Whole | Network::Cut | Network::WithoutAnswers => {}
        }
        // It may have been cut meanwhile.
        if watched.borrow().network == Network::Cut {
            return Ok(());
        }
        to.write_all(&bytes[..count]).await?;
    }
}

async fn wait_while(network: Network, watched: &mut Receiver<Way>) {
    // An error is the proxy's end, and with it that of the connection.
    let _ = watched.wait_for(|way| way.network != network).await;
}
