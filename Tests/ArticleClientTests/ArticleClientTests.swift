// ArticleClientTests
