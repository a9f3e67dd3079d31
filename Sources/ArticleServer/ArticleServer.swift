// ArticleServer
