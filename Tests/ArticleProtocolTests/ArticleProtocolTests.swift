// ArticleProtocolTests
