// ArticleServerTests
