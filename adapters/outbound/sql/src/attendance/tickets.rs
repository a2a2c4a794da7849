//! Tickets inside a unit of work. The name on a ticket is sealed.

use async_trait::async_trait;
use dermaga_ports::{
    StoreError, Unique,
    attendance::{OrderLine, Ticket, TicketState, Tickets},
    error::Entity,
    ids::{OrderId, TicketId, TicketTypeId, UserId},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    codec::{Moment, corrupt, named, parsed},
    db::Dialects,
    personal::{Column, PersonalKeys},
    unit_of_work::SqlUnitOfWork,
};

macro_rules! select_ticket {
    () => {
        "SELECT id, event, ticket_type, holder, user_id, order_id, order_line, valid_from, valid_until, state, ended_at, \
         ended_because, created_at FROM tickets"
    };
}

pub(super) use select_ticket;

const ADD: &str = "INSERT INTO tickets (id, event, ticket_type, holder, user_id, order_id, order_line, valid_from, \
    valid_until, state, ended_at, ended_because, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
const FIND: Dialects = locking!(select_ticket!(), " WHERE id = $1");
const OF_LINE: Dialects = locking!(select_ticket!(), " WHERE order_id = $1 AND order_line = $2 ORDER BY id");
const SAVE: &str = "UPDATE tickets SET state = $2, ended_at = $3, ended_because = $4 WHERE id = $1";
const FORGET: &str = "UPDATE tickets SET holder = NULL WHERE user_id = $1 AND holder IS NOT NULL";

#[derive(FromRow)]
pub(super) struct TicketRow {
    id: Uuid,
    event: String,
    ticket_type: Option<Uuid>,
    holder: Option<Vec<u8>>,
    user_id: Option<Uuid>,
    order_id: Option<Uuid>,
    order_line: Option<i64>,
    valid_from: Option<Moment>,
    valid_until: Option<Moment>,
    state: String,
    ended_at: Option<Moment>,
    ended_because: Option<String>,
    created_at: Moment,
}

impl TicketRow {
    pub(super) fn open(self, keys: &PersonalKeys) -> Result<Ticket, StoreError> {
        let row = self;
        let order = match (row.order_id, row.order_line) {
            (Some(order), Some(line)) => {
                Some(OrderLine { order: OrderId(order), line: u32::try_from(line).map_err(corrupt)? })
            }
            _ => None,
        };
        Ok(Ticket {
            id: TicketId(row.id),
            event: parsed(&row.event)?,
            ticket_type: row.ticket_type.map(TicketTypeId),
            holder: keys.open_text(Column::TicketHolder, row.id, row.holder.as_deref())?,
            user: row.user_id.map(UserId),
            order,
            valid_from: row.valid_from.map(|moment| moment.0),
            valid_until: row.valid_until.map(|moment| moment.0),
            state: named(TicketState::ALL, TicketState::as_str, &row.state)?,
            ended_at: row.ended_at.map(|moment| moment.0),
            ended_because: row.ended_because,
            created_at: row.created_at.0,
        })
    }
}

#[async_trait]
impl Tickets for SqlUnitOfWork {
    async fn add(&mut self, ticket: &Ticket) -> Result<(), StoreError> {
        let holder = self.keys.seal_text(Column::TicketHolder, ticket.id.0, ticket.holder.as_deref())?;
        let added = on_tx!(self, |x| {
            sqlx::query(ADD)
                .bind(ticket.id.0)
                .bind(ticket.event.as_str())
                .bind(ticket.ticket_type.map(Uuid::from))
                .bind(holder.as_deref())
                .bind(ticket.user.map(Uuid::from))
                .bind(ticket.order.map(|line| line.order.0))
                .bind(ticket.order.map(|line| i64::from(line.line)))
                .bind(ticket.valid_from.map(Moment))
                .bind(ticket.valid_until.map(Moment))
                .bind(ticket.state.as_str())
                .bind(ticket.ended_at.map(Moment))
                .bind(ticket.ended_because.as_deref())
                .bind(Moment(ticket.created_at))
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if added == 1 { Ok(()) } else { Err(StoreError::Conflict(Unique::Id)) }
    }

    async fn find(&mut self, id: TicketId) -> Result<Option<Ticket>, StoreError> {
        let sql = self.dialect(FIND);
        let row: Option<TicketRow> = on_tx!(self, |x| sqlx::query_as(sql).bind(id.0).fetch_optional(x).await)?;
        row.map(|row| row.open(&self.keys)).transpose()
    }

    async fn of_line(&mut self, line: OrderLine) -> Result<Vec<Ticket>, StoreError> {
        let sql = self.dialect(OF_LINE);
        let rows: Vec<TicketRow> =
            on_tx!(self, |x| sqlx::query_as(sql).bind(line.order.0).bind(i64::from(line.line)).fetch_all(x).await)?;
        rows.into_iter().map(|row| row.open(&self.keys)).collect()
    }

    async fn save(&mut self, ticket: &Ticket) -> Result<(), StoreError> {
        let changed = on_tx!(self, |x| {
            sqlx::query(SAVE)
                .bind(ticket.id.0)
                .bind(ticket.state.as_str())
                .bind(ticket.ended_at.map(Moment))
                .bind(ticket.ended_because.as_deref())
                .execute(x)
                .await
                .map(|done| done.rows_affected())
        })?;
        if changed == 0 { Err(self.spend(StoreError::Stale(Entity::Ticket))) } else { Ok(()) }
    }

    async fn forget_holder(&mut self, user: UserId) -> Result<u64, StoreError> {
        on_tx!(self, |x| sqlx::query(FORGET).bind(user.0).execute(x).await.map(|done| done.rows_affected()))
    }
}
