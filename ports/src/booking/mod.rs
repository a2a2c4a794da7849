//! What is bought from others: flights, hotel rooms, ferries, and the bills and credits of PPOB (payment point online
//! banking).
//!
//! # Shape
//! One trait for each kind of supplier ([`FlightSupplier`], [`HotelSupplier`], [`FerrySupplier`], [`PpobSupplier`]) over
//! records that all share: [`Outcome`], travellers ([`people`]), conditions ([`Policy`]), proofs ([`Document`]) and
//! times ([`Day`], [`LocalTime`]).
//!
//! # Three outcomes
//! A call that makes something is done, refused, or nobody knows. [`Outcome::Refused`] says that nothing was made;
//! [`RefusalKind::Unavailable`] says besides that the same call may be made again. [`Outcome::Unknown`] MUST be asked
//! about with the probe of its trait and never be repeated: most suppliers know no key that would make a repetition safe.
//!
//! # Offers
//! An offer is normalised for people who choose, and carries a [`Payload`] that only its adapter reads. Whoever books
//! hands the payload back.
//!
//! # Records
//! A [`Booking`] is what one customer buys from one supplier. It is paid as a line of an order; when that is paid it is
//! bought, and everything that is known about it is stored before and after each call.
//!
//! # Clocks
//! Each has a field of its own, because each belongs to somebody else: the offer's (`expires_at`), the seat's
//! (`pay_by`), the price's inside that (`price_guaranteed_until`), the cancellation quote's, and the day on which a bill
//! may be paid.

mod calendar;
mod ferries;
mod flights;
mod hotels;
mod order;
mod outcome;
pub mod people;
mod policy;
mod ppob;
mod record;
mod repository;
mod seal;

pub use calendar::{Day, JAKARTA, LocalTime, NotACalendarDay};
pub use ferries::{
    BookFerry, Departure, DepartureSearch, Fare, FareLine, FerryBooking, FerryPort, FerryQuote, FerrySupplier,
    FerryVehicle, Vehicle, VehicleClass,
};
pub use flights::{
    Baggage, BookFlight, Cabin, Carrier, ChangeTerms, FlightOffer, FlightOrder, FlightSearch, FlightSupplier, Leg,
    Place, Seat, Segment, Slice,
};
pub use hotels::{
    Accommodation, Board, BookHotel, DueThere, HotelBooking, HotelQuote, HotelResult, HotelSearch, HotelState,
    HotelSupplier, RoomRate, Where,
};
pub use order::{
    CancellationQuote, Cancelled, Document, DocumentKind, Hold, OrderState, Paying, Payload, ProbeKey, RefundTo,
};
pub use outcome::{Found, Hint, NotAuthentic, Outcome, Refusal, RefusalKind};
pub use people::{Contact, Gender, IdentityDocument, IdentityKind, Personal, Title, Traveller, TravellerKind};
pub use policy::{Expected, Policy, PolicyStep, Share, Until};
pub use ppob::{
    Bill, BillLine, BillPayment, CutOff, Inquiry, PlnCustomer, PpobSupplier, Product, ProductKind, Purchase, Sale,
    SaleRef, SaleState,
};

pub use record::{Booking, BookingFilter, BookingKind, BookingStatus, Clocks, Customer, Delivery};
pub use repository::{BookingQueries, Bookings};
pub use seal::OfferSeal;

#[cfg(feature = "mocks")]
pub use repository::{MockBookingQueries, MockBookings};
#[cfg(feature = "mocks")]
pub use seal::MockOfferSeal;
#[cfg(feature = "mocks")]
pub use {ferries::MockFerrySupplier, flights::MockFlightSupplier, hotels::MockHotelSupplier, ppob::MockPpobSupplier};
