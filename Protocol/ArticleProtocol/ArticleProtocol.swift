// ArticleProtocol
