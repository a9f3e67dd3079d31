// HandlerKit
