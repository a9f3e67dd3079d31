/* SPDX-License-Identifier: Apache-2.0 */
/* Lucene++'s own directories drop errors of writing (a full disk gives a short file and no error), loop for ever on an error of reading,
   and cannot map more than 2 GB. */
#include "Support.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <lucene++/BufferedIndexInput.h>
#include <lucene++/BufferedIndexOutput.h>
#include <lucene++/FSDirectory.h>
#include <lucene++/NoLockFactory.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Lucene;

namespace {

/* Larger than the library's own: a system call for each kilobyte would be most of a search. */
const int32_t bufferSize = 8192;

[[noreturn]] void fail(const char *what, const String &path) {
    int code = errno;
    String text(StringUtils::toUnicode(std::string(what) + " " + StringUtils::toUTF8(path) + ": " + std::strerror(code)));
    if (code == ENOENT) boost::throw_exception(FileNotFoundException(text));
    boost::throw_exception(IOException(text));
}

/* An open file. */
class File {
public:
    File(const String &path, int flags) : path(path) {
        do descriptor = ::open(StringUtils::toUTF8(path).c_str(), flags | O_CLOEXEC, 0640);
        while (descriptor < 0 && errno == EINTR);
        if (descriptor < 0) fail("cannot open", path);
    }
    File(const File &) = delete;
    File &operator=(const File &) = delete;
    ~File() { close(); }

    void close() noexcept {
        if (descriptor >= 0) ::close(descriptor);
        descriptor = -1;
    }

    int64_t size() const {
        struct stat status;
        if (::fstat(descriptor, &status) != 0) fail("cannot read the size of", path);
        return status.st_size;
    }

    void read(uint8_t *bytes, size_t count, int64_t offset) const {
        while (count > 0) {
            ssize_t done = ::pread(descriptor, bytes, count, offset);
            if (done < 0 && errno == EINTR) continue;
            if (done < 0) fail("cannot read", path);
            if (done == 0) boost::throw_exception(IOException(L"Read past EOF: " + path));
            bytes += done;
            count -= static_cast<size_t>(done);
            offset += done;
        }
    }

    void write(const uint8_t *bytes, size_t count, int64_t offset) const {
        while (count > 0) {
            ssize_t done = ::pwrite(descriptor, bytes, count, offset);
            if (done < 0 && errno == EINTR) continue;
            if (done <= 0) fail("cannot write", path);
            bytes += done;
            count -= static_cast<size_t>(done);
            offset += done;
        }
    }

    void sync() const {
        if (::fsync(descriptor) != 0) fail("cannot sync", path);
    }

private:
    String path;
    int descriptor = -1;
};

class FileInput : public BufferedIndexInput {
public:
    FileInput() = default;
    FileInput(const String &path, int32_t size)
        : BufferedIndexInput(size), file(boost::make_shared<File>(path, O_RDONLY)), fileSize(file->size()) {}
    LUCENE_CLASS(FileInput);

    void close() override { BufferedIndexInput::close(); }
    int64_t length() override { return fileSize; }

    /* Shares the file, which is closed with its last input. */
    LuceneObjectPtr clone(const LuceneObjectPtr &other = LuceneObjectPtr()) override {
        LuceneObjectPtr copied = BufferedIndexInput::clone(other ? other : newLucene<FileInput>());
        boost::shared_ptr<FileInput> input = boost::dynamic_pointer_cast<FileInput>(copied);
        input->file = file;
        input->fileSize = fileSize;
        return input;
    }

protected:
    void readInternal(uint8_t *bytes, int32_t offset, int32_t length) override {
        if (length < 0) boost::throw_exception(CorruptIndexException(L"a length is negative"));
        file->read(bytes + offset, static_cast<size_t>(length), getFilePointer());
    }
    void seekInternal(int64_t) override {}

private:
    boost::shared_ptr<File> file;
    int64_t fileSize = 0;
};

class FileOutput : public BufferedIndexOutput {
public:
    explicit FileOutput(const String &path) : file(path, O_RDWR | O_CREAT | O_TRUNC) {}
    LUCENE_CLASS(FileOutput);

    void flushBuffer(const uint8_t *bytes, int32_t offset, int32_t length) override {
        file.write(bytes + offset, static_cast<size_t>(length), bufferStart);
    }
    void close() override {
        if (!isOpen) return;
        isOpen = false;
        BufferedIndexOutput::close();
        file.close();
    }
    int64_t length() override { return file.size(); }

private:
    File file;
    bool isOpen = true;
};

class FileDirectory : public FSDirectory {
public:
    /* The caller has a lock: the library's own waits for other processes without an end. */
    explicit FileDirectory(const String &path) : FSDirectory(path, NoLockFactory::getNoLockFactory()) {}
    LUCENE_CLASS(FileDirectory);

    IndexOutputPtr createOutput(const String &name) override {
        initOutput(name);
        return newLucene<FileOutput>(path(name));
    }
    IndexInputPtr openInput(const String &name) override { return openInput(name, bufferSize); }
    IndexInputPtr openInput(const String &name, int32_t size) override {
        ensureOpen();
        return newLucene<FileInput>(path(name), std::max(size, bufferSize));
    }

    /* The last file of a commit names the others: the directory has all of them by then. */
    void sync(const String &name) override {
        ensureOpen();
        File(path(name), O_RDONLY).sync();
        if (name.compare(0, 8, L"segments") == 0) File(directory, O_RDONLY | O_DIRECTORY).sync();
    }

private:
    String path(const String &name) const { return directory + L"/" + name; }
};

}

DirectoryPtr openDirectory(const String &path) { return newLucene<FileDirectory>(path); }
