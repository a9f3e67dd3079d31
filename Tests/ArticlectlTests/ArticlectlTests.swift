// ArticlectlTests
