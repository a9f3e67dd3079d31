// ArticleTextTests
