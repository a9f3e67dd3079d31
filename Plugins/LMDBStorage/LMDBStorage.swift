// LMDBStorage
