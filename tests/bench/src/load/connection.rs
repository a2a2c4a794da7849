//! One connection to a host: a request goes out in one piece, an answer is read to its end.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What a host answered.
#[derive(Debug)]
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

/// What the head of an answer says.
struct Head {
    status: u16,
    /// Where the body begins, and where it ends.
    begin: usize,
    end: usize,
    close: bool,
}

impl Connection {
    /// # Errors
    /// Nobody listens.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { address, stream: connect(address).await?, buffer: vec![0; 32 * 1024] })
    }

    /// Sends a request and reads its answer. A connection that the host closes after an answer is opened again.
    ///
    /// # Errors
    /// The connection broke, or the answer is not one that this client can read.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let head = loop {
            filled += self.read(filled).await?;
            if let Some(head) = head(&self.buffer[..filled])? {
                break head;
            }
        };
        while filled < head.end {
            filled += self.read(filled).await?;
        }
        if head.close {
            self.stream = connect(self.address).await?;
        }
        Ok(Answer { status: head.status, body: &self.buffer[head.begin..head.end] })
    }

    /// Leaves a connection of which nobody knows what is still under way on it.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub async fn reopen(&mut self) -> io::Result<()> {
        self.stream = connect(self.address).await?;
        Ok(())
    }

    async fn read(&mut self, filled: usize) -> io::Result<usize> {
        if filled == self.buffer.len() {
            self.buffer.resize(2 * filled, 0);
        }
        match self.stream.read(&mut self.buffer[filled..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let httparse::Status::Complete(begin) = parsed else { return Ok(None) };
    let (mut length, mut close) = (None, false);
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            length = std::str::from_utf8(header.value).ok().and_then(|text| text.parse::<usize>().ok());
        } else if header.name.eq_ignore_ascii_case("connection") {
            close = header.value.eq_ignore_ascii_case(b"close");
        }
    }
    // Every answer that is measured here says how long it is.
    let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "an answer without a length"))?;
    Ok(Some(Head { status: response.code.unwrap_or_default(), begin, end: begin + length, close }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_come_in_pieces() {
        let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
        assert!(head(&answer[..30]).expect("legal so far").is_none());
        let head = head(answer).expect("legal").expect("complete");
        assert_eq!((head.status, &answer[head.begin..head.end], head.close), (201, &b"ok"[..], true));
    }

    #[test]
    fn an_answer_of_unknown_length_is_refused() {
        assert!(head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
