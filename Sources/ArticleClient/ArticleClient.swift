// ArticleClient
