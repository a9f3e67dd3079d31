extension Responder {
    /// Ends the request with its one response message, encoded already.
    public consuming func respond(bytes: [UInt8]) { respond(bytes.rawSpan) }
}
