// LMDBStorageTests
