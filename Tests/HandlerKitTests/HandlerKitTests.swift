// HandlerKitTests
